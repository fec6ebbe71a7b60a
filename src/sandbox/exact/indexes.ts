import type { RecordTable } from "./record-table.js";

/** What would else be searched for in all records: codes in use, the highest numbers, and whose contacts are whose. */
export class Indexes {
  private codes = new Set<string>();
  private itemCodes = new Set<string>();
  private byAccount = new Map<string, Set<string>>();
  private topCode = 0;
  private topHid = 0;

  constructor(
    private readonly accounts: RecordTable,
    private readonly contacts: RecordTable,
    private readonly items: RecordTable,
  ) {
    this.rebuild();
  }

  rebuild(): void {
    this.codes = new Set();
    this.itemCodes = new Set();
    this.byAccount = new Map();
    this.topCode = 0;
    this.topHid = 0;
    for (const { id } of this.accounts.all()) this.addAccount(id);
    for (const { id } of this.contacts.all()) this.addContact(id);
    for (const { id } of this.items.all()) this.addItem(id);
  }

  addAccount(id: string): void {
    const code = String(this.accounts.get(id)?.Code ?? "");
    this.codes.add(code);
    if (/^\s*\d+$/.test(code)) this.topCode = Math.max(this.topCode, Number(code));
  }

  addContact(id: string): void {
    const contact = this.contacts.get(id);
    const account = String(contact?.Account);
    const siblings = this.byAccount.get(account) ?? new Set();
    this.byAccount.set(account, siblings.add(id));
    this.topHid = Math.max(this.topHid, Number(contact?.HID ?? 0));
  }

  /** To be called before the contact is removed or moved. */
  removeContact(id: string): void {
    this.byAccount.get(String(this.contacts.get(id)?.Account))?.delete(id);
  }

  addItem(id: string): void {
    this.itemCodes.add(codeOf(this.items, id));
  }

  /** To be called before the item is removed or given another code. */
  removeItem(id: string): void {
    this.itemCodes.delete(codeOf(this.items, id));
  }

  hasItemCode(code: string): boolean {
    return this.itemCodes.has(code.toUpperCase());
  }

  hasCode(code: string): boolean {
    return this.codes.has(code);
  }

  highestCode(): number {
    return this.topCode;
  }

  highestHid(): number {
    return this.topHid;
  }

  /** In the order of their creation. */
  contactsOf(account: string): readonly string[] {
    return [...(this.byAccount.get(account) ?? [])];
  }
}

const codeOf = (items: RecordTable, id: string): string => String(items.get(id)?.Code ?? "").toUpperCase();
