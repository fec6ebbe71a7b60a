import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import { type EntityType, entityTypes, systems } from "../../src/domain/words.js";
import type { Random } from "../../src/sandbox/kit/index.js";
import type { Store } from "../../src/store/store.js";
import type { Submission } from "../../src/sync/submit.js";
import type { LastOnes } from "./last-ones.js";
import { type Oracle, tokenIn } from "./oracle.js";

/** What clients set. None of these is part of a group, so that each is decided by itself. */
const settable: { readonly [T in EntityType]: readonly string[] } = {
  ACCOUNT: ["phone", "email", "fax", "website", "description"],
  CONTACT: ["phone", "email", "mobile", "jobTitle", "description"],
  PRODUCT: ["phone", "email", "description"],
};

/** One thing that a client asks for, and what it saw there. */
export interface Asked {
  readonly submission: Submission;
  readonly step: number;
  /** By field, the value that no one else ever enters. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly saw: readonly string[];
}

/** The users of the gateway: they see one entity, as it shows both systems, and never the systems. */
export class Clients {
  readonly asked: Asked[] = [];
  /** Every mutation that was ever recorded, as it stood last. */
  readonly operations = new Map<string, Operation>();

  constructor(
    private readonly store: Store,
    private readonly oracle: Oracle,
    private readonly step: () => number,
    private readonly log: (line: string) => void,
    private readonly lastOnes: LastOnes,
  ) {}

  /** Somebody asks for something; null: there is nothing to ask it of. */
  async ask(random: Random): Promise<Submission | null> {
    const dice = random.next();
    const entities = await this.#entities();
    const accounts = entities.filter((one) => one.type === "ACCOUNT" && systems.every((system) => one.records[system] !== null));
    const owner = accounts.length > 0 ? random.pick(accounts) : null;
    if (dice < 0.1) return this.#create(random, "ACCOUNT", "name", {});
    if (dice < 0.2 && owner) return this.#create(random, "CONTACT", "lastName", { accountId: owner.id });
    if (entities.length === 0) return null;
    const entity = random.pick(entities);
    if (dice < 0.3 && !this.#things(entity).some((thing) => this.lastOnes.isKept(thing))) return this.#remove(random, entity);
    return this.#update(random, entity);
  }

  noted(operation: Operation): void {
    this.operations.set(operation.id, operation);
  }

  #create(random: Random, type: EntityType, name: string, more: Readonly<Record<string, string>>): Submission {
    const tokens = new Map([name, ...settable[type].filter(() => random.next() < 0.3)].map((field) => [field, this.oracle.token()] as const));
    const thing = this.oracle.newThing();
    for (const token of tokens.values()) this.oracle.described.set(token, thing);
    return this.#ask(random, { kind: "CREATE", type, id: null, fields: { ...more, ...valuesOf(tokens) } }, tokens, null);
  }

  #update(random: Random, entity: Entity): Submission {
    const names = new Set(Array.from({ length: 1 + random.int(2) }, () => random.pick(settable[entity.type])));
    const tokens = new Map([...names].map((field) => [field, this.oracle.token()] as const));
    const expectedVersion = random.next() < 0.25 ? entity.version : null;
    return this.#ask(random, { kind: "UPDATE", type: entity.type, id: entity.id, fields: valuesOf(tokens), expectedVersion }, tokens, entity);
  }

  /** What its records describe: two things where they were matched. */
  #things({ records }: Entity): readonly (number | null)[] {
    return systems.flatMap((system) => (records[system] === null ? [] : [this.oracle.thingOf(system, records[system])]));
  }

  #remove(random: Random, entity: Entity): Submission {
    for (const thing of this.#things(entity)) this.lastOnes.asked(thing);
    return this.#ask(random, { kind: "DELETE", type: entity.type, id: entity.id, fields: {} }, new Map(), entity);
  }

  #ask(
    random: Random,
    what: Pick<Submission, "kind" | "type" | "id" | "fields" | "expectedVersion">,
    tokens: Asked["tokens"],
    entity: Entity | null,
  ): Submission {
    const submission: Submission = {
      ...what,
      caller: "client",
      idempotencyKey: random.next() < 0.5 ? `key-${this.asked.length}` : null,
      onPartialFailure: random.pick(["RETRY", "ROLLBACK"] as const),
      whenBusy: random.pick(["REFUSE", "QUEUE"] as const),
    };
    const saw = [...tokens.keys()].flatMap((field) => tokenIn(entity?.fields[field]) ?? []);
    this.asked.push({ submission, step: this.step(), tokens, saw });
    this.log(`client asks ${JSON.stringify(submission)}`);
    return submission;
  }

  async #entities(): Promise<readonly Entity[]> {
    const found: Entity[] = [];
    for (const type of entityTypes) for await (const batch of this.store.entities.scan(type)) found.push(...batch);
    return found;
  }
}

const valuesOf = (tokens: Asked["tokens"]): Readonly<Record<string, string>> =>
  Object.fromEntries([...tokens].map(([field, token]) => [field, field === "email" ? `${token}@t.nl` : token]));
