import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EntityType, entityTypes } from "../../src/domain/words.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Store } from "../../src/store/store.js";
import { entity, write } from "../contracts/store-samples.js";
import { describeWithRedis, startRedis, type TestRedis } from "../helpers/redis.js";

/** Every record that an entity claims is found to be that entity's, and no record is claimed twice (I1). */
async function expectBijection(store: Store): Promise<void> {
  const claims = new Map<string, string>();
  for (const type of entityTypes) {
    for await (const batch of store.entities.scan(type)) {
      for (const one of batch) {
        for (const ref of refsOf(type, one.records)) {
          const key = `${ref.system}:${ref.type}:${ref.id}`;
          expect(claims.get(key), `${key} is claimed twice`).toBeUndefined();
          claims.set(key, one.id);
          expect(await store.entities.idsOfRecords([ref])).toEqual([one.id]);
        }
      }
    }
  }
}

function refsOf(type: EntityType, records: { CUSTOMCRM: string | null; EXACT: string | null }) {
  const customcrm = ({ ACCOUNT: "Customer", CONTACT: "Contact", PRODUCT: "Product" } as const)[type];
  const exact = type === "ACCOUNT" ? ("Accounts" as const) : ("Contacts" as const);
  return [
    ...(records.CUSTOMCRM === null ? [] : [{ system: "CUSTOMCRM" as const, type: customcrm, id: records.CUSTOMCRM }]),
    ...(records.EXACT === null ? [] : [{ system: "EXACT" as const, type: exact, id: records.EXACT }]),
  ];
}

describeWithRedis("the link map is a bijection (I1)", () => {
  let redis: TestRedis;
  const stores: RedisStore[] = [];
  const open = async (tenant: string) => {
    const store = await RedisStore.connect({ url: redis.url, tenant, encryptionKey: "a key for tests" });
    stores.push(store);
    return store;
  };
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.stop()));
    await redis.stop();
  });

  it("when two clients link the same one-sided records to different partners at the same time", async () => {
    const tenant = redis.newTenant();
    const [one, two] = [await open(tenant), await open(tenant)];
    const count = 40;
    const customcrm = Array.from({ length: count }, (_, i) => entity(`c${i}`, { records: { CUSTOMCRM: `c${i}`, EXACT: null } }));
    const exact = Array.from({ length: count }, (_, i) => entity(`x${i}`, { records: { CUSTOMCRM: null, EXACT: `x${i}` } }));
    await one.entities.commit({ put: [...customcrm, ...exact].map((each) => write(each)) });

    const link = (store: Store, i: number, partner: number) =>
      store.entities.commit({
        put: [write(entity(`c${i}`, { revision: 1, state: "LINKED", records: { CUSTOMCRM: `c${i}`, EXACT: `x${partner}` } }))],
        remove: [{ id: `x${partner}`, revision: 1, into: `c${i}` }],
      });
    const results = await Promise.all(Array.from({ length: count }, (_, i) => [link(one, i, i), link(two, i, (i + 1) % count)]).flat());
    const linked = results.filter((result) => result.ok).length;
    // Every link takes one of both sides out of the game, so no more than `count` can succeed, and no less than half of it.
    expect(linked).toBeGreaterThanOrEqual(count / 2);
    expect(linked).toBeLessThanOrEqual(count);
    expect((await one.entities.counts("ACCOUNT")).LINKED).toBe(linked);
    expect((await one.entities.counts("ACCOUNT")).UNLINKED).toBe(2 * (count - linked));
    await expectBijection(one);
  });

  it("when two processes link the same records at the same time", async () => {
    const tenant = redis.newTenant();
    const count = 150;
    const linkers = ["one", "two"].map((name) => new Linker([redis.url, tenant, name, String(count)]));
    try {
      await Promise.all(linkers.map((linker) => linker.line()));
      for (const linker of linkers) linker.child.stdin.write("go\n");
      const outcomes = (await Promise.all(linkers.map((linker) => linker.line()))).map((line) => JSON.parse(line));
      const linked = outcomes[0].LINKED + outcomes[1].LINKED;
      expect(linked).toBeGreaterThanOrEqual(count / 2);
      expect(linked).toBeLessThanOrEqual(count);
      expect(linked + outcomes[0].TAKEN + outcomes[1].TAKEN).toBe(2 * count);

      const store = await open(tenant);
      expect((await store.entities.counts("ACCOUNT")).LINKED).toBe(linked);
      await expectBijection(store);
    } finally {
      await Promise.all(linkers.map((linker) => linker.end()));
    }
  });
});

class Linker {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL("./link-race.ts", import.meta.url)), ...args]);
    this.#ended = once(this.child, "exit");
    this.child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The linking process ended without a word.");
    return value;
  }

  async end(): Promise<void> {
    this.child.kill();
    await this.#ended;
  }
}
