import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

type Work = Readonly<Record<string, (...args: never[]) => unknown>>;
type Answered<W extends Work, K extends keyof W> = Awaited<ReturnType<W[K]>>;

interface Question {
  readonly id: number;
  readonly call: string;
  readonly args: readonly never[];
}
type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** Lets the parent process call these. The process ends when its parent is gone. */
export function serve(work: Work): void {
  process.on("message", async ({ id, call, args }: Question) => {
    try {
      process.send?.({ id, value: await work[call]?.(...args) } satisfies Reply);
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies Reply);
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** A process of its own that does some work; what it is asked is answered in any order. */
export class Child<W extends Work> {
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #last = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on("message", (reply: Reply) => {
      const one = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) one?.reject(new Error(reply.error));
      else one?.resolve(reply.value);
    });
    child.on("exit", (code, signal) => {
      for (const one of this.#waiting.values()) one.reject(new Error(`A process of the bench ended (${signal ?? code}).`));
    });
  }

  /** `name` is a file of `processes/`, here or beside another bench. */
  static start<W extends Work>(name: string, nodeArgs: readonly string[] = [], beside: string = import.meta.url): Child<W> {
    const path = fileURLToPath(new URL(`./processes/${name}.ts`, beside));
    return new Child<W>(fork(path, [], { execArgv: ["--import", "tsx", ...nodeArgs], serialization: "advanced" }));
  }

  ask<K extends keyof W & string>(call: K, ...args: Parameters<W[K]>): Promise<Answered<W, K>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ id, call, args });
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }
}
