import { type Random, type VirtualClock } from "../kit/index.js";
import { changedAccount, newAccount, type World } from "./account-rules.js";
import { anonymised, type PersonalKind } from "./anonymise.js";
import { changedContact, newContact } from "./contact-rules.js";
import type { Change, CoreState, User } from "./core-state.js";
import { midnightOf, sqlDateTime, wallOf } from "./dates.js";
import { DeletionLog } from "./deletion-log.js";
import { Indexes } from "./indexes.js";
import { changedItem, newItem } from "./item-rules.js";
import { type Fault, refused } from "./messages.js";
import { entityTypeNumbers, isAnnounced } from "./properties.js";
import { RecordTable } from "./record-table.js";
import { Refusal } from "./refusal.js";
import { RowVersionCounter } from "./row-versions.js";
import type { ExactSettings } from "./settings.js";
import type { Author, Cells, RecordKind } from "./types.js";
import { readBody } from "./values.js";

/**
 * The records of one division and the business rules over them, without HTTP. A change happens wholly or is refused with a
 * `Refusal`. What is done here by a person counts as edited in Exact's own screens.
 */
export class ExactCore {
  readonly accounts: RecordTable;
  readonly contacts: RecordTable;
  readonly items: RecordTable;
  readonly deletions: DeletionLog;
  divisionMoveDate: number | null;
  private readonly indexes: Indexes;
  private readonly rowVersions: RowVersionCounter;
  private readonly listeners: ((change: Change) => void)[] = [];

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    readonly settings: ExactSettings,
    readonly user: User,
    kept: CoreState | null,
  ) {
    this.divisionMoveDate = kept?.divisionMoveDate ?? null;
    this.rowVersions = new RowVersionCounter(clock, random, settings, kept?.rowVersion ?? 8_000_000 + random.int(1_000_000));
    this.accounts = new RecordTable("Accounts", this.rowVersions, kept?.accounts);
    this.contacts = new RecordTable("Contacts", this.rowVersions, kept?.contacts);
    this.items = new RecordTable("Items", this.rowVersions, kept?.items);
    this.deletions = new DeletionLog(this.rowVersions, () => settings.deletedKeptMonths, kept?.deletions);
    this.indexes = new Indexes(this.accounts, this.contacts, this.items);
  }

  now(): number {
    return this.clock.now();
  }

  table(kind: RecordKind): RecordTable {
    return { Accounts: this.accounts, Contacts: this.contacts, Items: this.items }[kind];
  }

  /** Hears of every change, once it is made. */
  onChange(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  createAccount = (body: object, by: Author = "person"): string => this.create("Accounts", body, by);
  createContact = (body: object, by: Author = "person"): string => this.create("Contacts", body, by);
  editAccount = (id: string, patch: object, by: Author = "person"): void => this.edit("Accounts", id, patch, by);
  editContact = (id: string, patch: object, by: Author = "person"): void => this.edit("Contacts", id, patch, by);
  deleteAccount = (id: string, by: Author = "person"): void => this.remove("Accounts", id, by);
  deleteContact = (id: string, by: Author = "person"): void => this.remove("Contacts", id, by);

  /** Returns the new record's id. */
  create(kind: RecordKind, body: unknown, by: Author = "person", chosenIds = this.settings.chosenIds): string {
    const given = readBody(body, kind, "create", this.settings);
    const id = this.idFor(kind, given.values.ID, chosenIds, given.faults);
    delete given.values.ID;
    const made = newOf[kind](given.values, this.world());
    this.refuse([...given.faults, ...made.faults]);
    const now = sqlDateTime(this.clock.now());
    this.table(kind).insert(id, { ...made.values, Created: now, Modified: now });
    if (kind === "Accounts") this.indexes.addAccount(id);
    if (kind === "Items") this.indexes.addItem(id);
    if (kind === "Contacts") {
      this.indexes.addContact(id);
      this.joined(id, String(made.values.Account));
    }
    this.announce({ kind, id, action: "Create", by, announced: [] });
    return id;
  }

  /** Changes what the patch names. Every edit moves Modified and the row version, also one that changes nothing. */
  edit(kind: RecordKind, id: string, patch: unknown, by: Author = "person"): void {
    const before = this.existing(kind, id);
    const given = readBody(patch, kind, "update", this.settings);
    const made = changedOf[kind](before, id, given.values, this.world());
    this.refuse([...given.faults, ...made.faults]);
    const moved = kind === "Contacts" && made.values.Account !== before.Account;
    if (moved) this.indexes.removeContact(id);
    if (kind === "Items") this.indexes.removeItem(id);
    this.table(kind).replace(id, { ...made.values, Modified: sqlDateTime(this.clock.now()) });
    if (kind === "Items") this.indexes.addItem(id);
    if (moved) {
      this.indexes.addContact(id);
      this.left(id, String(before.Account));
      this.joined(id, String(made.values.Account));
    }
    const changed = Object.keys({ ...before, ...made.values }).filter((name) => (before[name] ?? null) !== (made.values[name] ?? null));
    if (kind === "Accounts" && changed.some((name) => shownOnContacts.includes(name))) this.derivedMoved("Contacts", this.contactsOf(id));
    this.announce({ kind, id, action: "Update", by, announced: changed.filter((name) => isAnnounced(kind, name)) });
  }

  remove(kind: RecordKind, id: string, by: Author = "person"): void {
    const values = this.existing(kind, id);
    if (this.settings.recordsInUse.includes(id)) this.refuse([{ kind: "in-use", by: "Transactions" }]);
    const contacts = kind === "Accounts" ? this.contactsOf(id) : [];
    const onContacts = this.settings.deleteAccountWithContacts;
    if (contacts.length > 0 && onContacts === "refuse") this.refuse([{ kind: "in-use", by: "Contacts" }]);
    for (const contact of contacts) this.erase("Contacts", contact, by, onContacts === "cascade");
    this.erase(kind, id, by, true);
    if (kind === "Contacts") this.left(id, String(values.Account));
  }

  /** A line in the log of deletions, as records of every other kind leave one, too. */
  logDeletion(entityType: number, key: string): void {
    this.deletions.add(this.random.guid(), entityType, key);
  }

  /** Takes a person's data out of a record for good; the record stays. */
  anonymise(kind: PersonalKind, id: string): void {
    const values = anonymised(this.existing(kind, id), kind);
    this.table(kind).replace(id, { ...values, Modified: sqlDateTime(this.clock.now()) });
    this.announce({ kind, id, action: "Update", by: "person", announced: ["Name"] });
  }

  contactsOf(account: string): readonly string[] {
    return this.indexes.contactsOf(account);
  }

  /** The division goes to another database: every row version is new, and lower ones come again. */
  moveDivision(): void {
    this.rowVersions.restart();
    for (const part of [this.accounts, this.contacts, this.items, this.deletions]) part.renumber();
    this.divisionMoveDate = sqlDateTime(this.clock.now());
  }

  state(): CoreState {
    const { rowVersions, divisionMoveDate } = this;
    return {
      rowVersion: rowVersions.last,
      divisionMoveDate,
      accounts: [...this.accounts.all()],
      contacts: [...this.contacts.all()],
      items: [...this.items.all()],
      deletions: this.deletions.all(),
    };
  }

  /** An account's first contact is its main contact; Modified of the account stays. */
  private joined(contact: string, account: string): void {
    if (this.contactsOf(account).length === 1) this.setMain(account, contact);
  }

  private left(contact: string, account: string): void {
    if (this.accounts.get(account)?.MainContact === contact) this.setMain(account, null);
  }

  private setMain(account: string, contact: string | null): void {
    this.accounts.replaceSilently(account, { ...this.accounts.get(account), MainContact: contact });
    this.derivedMoved("Accounts", [account]);
  }

  private derivedMoved(kind: RecordKind, ids: readonly string[]): void {
    if (this.settings.derivedMovesTimestamp) for (const id of ids) this.table(kind).touch(id);
  }

  private erase(kind: RecordKind, id: string, by: Author, isLogged: boolean): void {
    if (kind === "Contacts") this.indexes.removeContact(id);
    if (kind === "Items") this.indexes.removeItem(id);
    this.table(kind).remove(id);
    if (kind === "Accounts") this.indexes.rebuild();
    if (isLogged) this.logDeletion(entityTypeNumbers[kind], id);
    this.announce({ kind, id, action: "Delete", by, announced: [] });
  }

  private existing(kind: RecordKind, id: string): Readonly<Cells> {
    const values = this.table(kind).get(id.toLowerCase());
    if (!values) throw new Refusal(404, `Resource not found for the segment '${kind}'.`);
    return values;
  }

  private idFor(kind: RecordKind, chosen: unknown, policy: ExactSettings["chosenIds"], faults: Fault[]): string {
    if (typeof chosen !== "string" || policy === "replace") return this.random.guid();
    if (policy === "refuse") faults.push({ kind: "chosen-id", property: "ID" });
    else if (this.table(kind).has(chosen)) faults.push({ kind: "exists" });
    return chosen;
  }

  private world(): World {
    const { accounts, contacts, indexes, random, settings } = this;
    return {
      today: midnightOf(wallOf(this.clock.now())),
      codeDigits: settings.codeDigits,
      moveContact: settings.moveContact,
      hasAccount: (id) => accounts.has(id),
      accountOfContact: (id) => contacts.get(id)?.Account as string | undefined,
      hasItemCode: (code) => indexes.hasItemCode(code),
      hasCode: (code) => indexes.hasCode(code),
      highestCode: () => indexes.highestCode(),
      highestHid: () => indexes.highestHid(),
      newGuid: () => random.guid(),
    };
  }

  private refuse(faults: readonly Fault[]): void {
    if (faults.length > 0) throw refused(faults, this.settings.userLanguage);
  }

  private announce(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}

type Rules<Given extends readonly unknown[]> = Readonly<Record<RecordKind, (...given: Given) => { values: Cells; faults: Fault[] }>>;
const newOf: Rules<[Cells, World]> = { Accounts: newAccount, Contacts: newContact, Items: newItem };
const changedOf: Rules<[Readonly<Cells>, string, Cells, World]> = {
  Accounts: changedAccount,
  Contacts: (before, _id, given, world) => changedContact(before, given, world),
  Items: (before, _id, given, world) => changedItem(before, given, world),
};

/** Properties of an account that its contacts show as theirs. */
const shownOnContacts = ["Name", "Code", "Status", "MainContact", "IsSupplier", "AddressLine1", "AddressLine2", "Postcode", "City", "State", "Country"];
