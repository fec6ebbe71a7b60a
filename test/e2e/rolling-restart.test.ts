import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithOwnRedis, type OwnRedis, startOwnRedis } from "../helpers/redis.js";
import { startLinkedWorld, startReplica } from "./replicas.js";
import { exactId, type SmallWorld, until } from "./small-world.js";

/** A load balancer looks this often who is ready; a replica that stops still answers for longer. */
const lookMs = 200;
const drainSeconds = 2;

interface Outcome {
  readonly status: string;
  readonly key: string;
  readonly phone: string;
}

/** Sends each request to one of the replicas that were ready when it last looked; were none, to any, as balancers do. */
class Balancer {
  readonly ports: number[] = [];
  readonly failed: string[] = [];
  answered = 0;
  #ready: number[] = [];
  #turn = 0;
  #isOpen = true;

  async look(): Promise<void> {
    while (this.#isOpen) {
      const ready = await Promise.all(this.ports.map(isReady));
      this.#ready = this.ports.filter((_, i) => ready[i]);
      await sleep(lookMs);
    }
  }

  close(): void {
    this.#isOpen = false;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** The answer's data; what went wrong in any way is noted. */
  async send(query: string, variables: object = {}): Promise<unknown> {
    const targets = this.#ready.length > 0 ? this.#ready : this.ports;
    const port = targets[this.#turn++ % targets.length];
    try {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
      const answer = (await response.json()) as { data?: unknown; errors?: unknown };
      if (response.status === 200 && answer.data && !answer.errors) this.answered++;
      else this.failed.push(`${response.status} ${JSON.stringify(answer.errors)}`);
      return answer.data;
    } catch (error) {
      this.failed.push(`${error instanceof Error ? `${error.message}: ${String(error.cause)}` : error}`);
      return null;
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

describeWithOwnRedis("a rolling restart of two replicas under load", () => {
  let redis: OwnRedis;
  let world: SmallWorld;
  beforeAll(async () => {
    redis = await startOwnRedis();
    world = await startLinkedWorld(redis.url);
  });
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
  });

  it("fails no request, and loses no write that was answered", { timeout: 120_000 }, async () => {
    const balancer = new Balancer();
    const start = async () => {
      const replica = await startReplica(world, redis.url, drainSeconds);
      balancer.ports.push(replica.port);
      return replica;
    };
    const replicas = await Promise.all([start(), start()]);
    const looking = balancer.look();
    await until(() => balancer.ready === 2, "both replicas are ready");

    let isOver = false;
    const read = async () => {
      while (!isOver) await balancer.send("{ accounts(first: 10) { nodes { name phone link { state } contacts { nodes { firstName } } } } }");
    };
    const write = async (n: number): Promise<readonly Outcome[]> => {
      const found = (await balancer.send("query ($by: EntityRef!) { account(by: $by) { id } }", { by: { exactId: exactId(n) } })) as {
        account: { id: string };
      };
      const outcomes: Outcome[] = [];
      for (let i = 0; !isOver; i++) {
        const phone = `030 555 ${n}${String(i).padStart(3, "0")}`;
        const key = `${n}-${i}`;
        const input = { id: found.account.id, idempotencyKey: key, whenBusy: "QUEUE", set: { phone } };
        const data = await balancer.send("mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) { status } }", { input });
        outcomes.push({ key, phone, status: (data as { updateAccount: { status: string } } | null)?.updateAccount.status ?? "FAILED" });
        // As people do it, each account now and then.
        await sleep(200);
      }
      return outcomes;
    };
    const load = Promise.all([read(), read(), read()]);
    const writes = [1, 2, 3].map(write);

    try {
      for (const { port, gateway } of replicas) {
        gateway.child.kill("SIGTERM");
        expect(await gateway.ended).toMatchObject({ code: 0, signal: null });
        balancer.ports.splice(balancer.ports.indexOf(port), 1);
        await start();
        await until(() => balancer.ready === 2, "the new replica is ready");
      }
    } finally {
      isOver = true;
    }
    await load;
    const outcomes = await Promise.all(writes);

    expect(balancer.failed).toEqual([]);
    expect(balancer.answered).toBeGreaterThan(100);
    for (const [i, written] of outcomes.entries()) {
      expect(written.length).toBeGreaterThan(3);
      expect(written.filter(({ status }) => status !== "APPLIED" && status !== "PENDING")).toEqual([]);
      // Every one came to its end, and both systems have the last.
      const statusOf = async (key: string) => {
        const data = await balancer.send("query ($by: OperationRef!) { operation(by: $by) { status } }", { by: { idempotencyKey: key } });
        return (data as { operation: { status: string } | null } | null)?.operation?.status;
      };
      const isApplied = ({ key }: Outcome) => until(async () => (await statusOf(key)) === "APPLIED", `${key} is applied`);
      await Promise.all(written.map(isApplied));
      const ask = "query ($by: EntityRef!) { account(by: $by, maxAge: 0) { phone exact { phone } customcrm { phone } link { state } } }";
      const phone = written.at(-1)?.phone;
      const data = await balancer.send(ask, { by: { exactId: exactId(i + 1) } });
      expect(data).toEqual({ account: { phone, exact: { phone }, customcrm: { phone }, link: { state: "LINKED" } } });
    }
    expect(balancer.failed).toEqual([]);
    balancer.close();
    await looking;
  });
});
