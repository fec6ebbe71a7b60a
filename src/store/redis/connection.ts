import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortError,
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  createClient,
  DisconnectsClientError,
  ErrorReply,
  RESP_TYPES,
  ReconnectStrategyError,
  type RedisArgument,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
  TimeoutError,
} from "redis";
import { StoreUnavailableError } from "../../domain/errors.js";
import { scriptText } from "../script-text.js";
import { Deadlines } from "./deadlines.js";
import { Silences } from "./silences.js";

export type Client = ReturnType<typeof newClient>;
/** The same connection, with replies as text and as the bytes that they are. */
interface Clients {
  readonly texts: Client;
  readonly bytes: Pick<Client, "sendCommand">;
}
export type Log = (message: string, error?: unknown) => void;

/** A Redis that loads its data answers `LOADING`; so long is it waited for at the start. */
const loadingTimeoutMs = 60_000;
const maxReconnectDelayMs = 2_000;
/** A connection on which so many commands in a row got no answer is given up for a new one. */
const silentCommands = 3;

/**
 * One connection for all commands: it reconnects by itself, and every command ends within `timeoutMs`, with an answer or with
 * a `StoreUnavailableError`.
 */
export class Connection {
  readonly #deadlines: Deadlines<Clients>;
  /** For what does no harm if it is sent late: while the connection stands, nothing has to be taken back. */
  readonly #harmless: Clients["bytes"];
  readonly #silences: Silences;
  #unanswered = 0;
  #stopped = false;

  private constructor(
    readonly client: Client,
    readonly timeoutMs: number,
  ) {
    this.#harmless = client.withCommandOptions({ timeout: 0, typeMapping: asBytes });
    this.#silences = new Silences(timeoutMs);
    this.#deadlines = new Deadlines((abortSignal) => ({
      texts: client.withCommandOptions({ timeout: 0, abortSignal }),
      bytes: client.withCommandOptions({ timeout: 0, abortSignal, typeMapping: asBytes }),
    }));
  }

  static async open(url: string, timeoutMs: number, log: Log): Promise<Connection> {
    let lastError: unknown;
    const connection = new Connection(
      newClient(url, timeoutMs, (...said) => {
        lastError = said[1];
        log(...said);
      }),
      timeoutMs,
    );
    try {
      await connection.call(() => connection.client.connect());
      await connection.#awaitLoaded();
    } catch (error) {
      await connection.stop();
      throw lastError ? translated(lastError) : error;
    }
    return connection;
  }

  /** The outcome of a command of the client that is given, or a `StoreUnavailableError`: also when the server hangs with the connection open. */
  call<T>(command: (client: Client) => Promise<T>): Promise<T> {
    return this.#call(({ texts }) => command(texts));
  }

  #read<T>(command: (client: Clients["bytes"]) => Promise<T>): Promise<T> {
    if (this.client.isReady) return this.#answered(() => command(this.#harmless));
    return this.#call(({ bytes }) => command(bytes));
  }

  #call<T>(command: (clients: Clients) => Promise<T>): Promise<T> {
    const { clients, takeBack } = this.#deadlines.next();
    return this.#answered(() => command(clients), takeBack);
  }

  /** What is given up is taken back before that is told: who was told must not find it done later. */
  #answered<T>(command: () => Promise<T>, takeBack: () => void = () => {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#silences.end(waiting);
        if (error instanceof Silence && ++this.#unanswered >= silentCommands) this.#renew();
        reject(translated(error));
      };
      const waiting = this.#silences.begin(() => {
        takeBack();
        fail(new Silence(`no answer within ${this.timeoutMs} ms`));
      });
      command().then((answer) => {
        this.#silences.end(waiting);
        this.#unanswered = 0;
        resolve(answer);
      }, fail);
    });
  }

  run(script: Script, keys: readonly string[], args: readonly RedisArgument[] = []): Promise<unknown> {
    return this.#call(({ texts }) => evaluated(texts, script, keys, args));
  }

  /** As `run`, for a script that only reads, with texts of the reply as bytes. */
  runForBytes(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    return this.#read((client) => evaluated(client, script, keys, args));
  }

  /** What stands under these keys, in one round trip. */
  async getMany(keys: readonly string[]): Promise<readonly (string | null)[]> {
    return keys.length === 0 ? [] : this.call((client) => client.mGet(keys as string[]));
  }

  /** The same as bytes. */
  async getManyBytes(keys: readonly string[]): Promise<readonly (Buffer | null)[]> {
    return keys.length === 0 ? [] : ((await this.#read((client) => client.sendCommand(["MGET", ...keys]))) as (Buffer | null)[]);
  }

  /** Commands under way get their answers first, if they come in time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.client.isReady) await this.call(() => this.client.close()).catch(() => {});
    if (this.client.isOpen) this.client.destroy();
  }

  async #awaitLoaded(): Promise<void> {
    const end = performance.now() + loadingTimeoutMs;
    for (;;) {
      try {
        await this.call((client) => client.ping());
        return;
      } catch (error) {
        if (!isLoading(error) || performance.now() > end) throw error;
        await sleep(100);
      }
    }
  }

  /** A peer that went away without a word would be waited for until TCP gives up, a quarter of an hour later. */
  #renew(): void {
    if (this.#stopped || !this.client.isReady) return;
    this.#unanswered = 0;
    this.client.destroy();
    // It goes on trying by itself; a failure of this attempt is told to the listener of errors.
    this.client.connect().catch(() => {});
  }
}

async function evaluated(client: Clients["bytes"], script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    // Not `evalSha`: node-redis passes its arguments on one by one, and the stack is full at some hundred thousand.
    return await client.sendCommand(["EVALSHA", script.sha, ...rest]);
  } catch (error) {
    if (!(error instanceof ErrorReply) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await client.sendCommand(["EVAL", script.source, ...rest]);
  }
}

export function newClient(url: string, timeoutMs: number, log: Log) {
  const client = createClient({
    url,
    // Applies to commands that wait for a connection: they are taken back, and never sent late.
    commandOptions: { timeout: timeoutMs },
    // A feature of hosted Redis; with a password in a socket's address node-redis fails over it.
    ...(url.startsWith("unix:") && { maintNotifications: "disabled" as const }),
    socket: {
      connectTimeout: timeoutMs,
      reconnectStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, maxReconnectDelayMs) + Math.floor(Math.random() * 50),
    },
  });
  let lost = false;
  client.on("ready", () => {
    if (lost) log("Redis answers again.");
    lost = false;
  });
  // Told once for each outage, not for each attempt.
  client.on("error", (error: unknown) => {
    if (!lost) log(`Redis is lost and will be connected again: ${reasonOf(error)}.`, error);
    lost = true;
  });
  return client;
}

/** A Lua script of `../scripts`, with its includes. */
export class Script {
  readonly source: string;
  readonly sha: string;

  constructor(name: string) {
    this.source = scriptText(name).replace(/^--@include (\S+)$/gm, (_, include: string) => scriptText(`include/${include}`));
    this.sha = createHash("sha1").update(this.source).digest("hex");
  }
}

const asBytes = { [RESP_TYPES.BLOB_STRING]: Buffer };

class Silence extends Error {}

/** What the server says when it can't serve now, or not here. */
const unavailableReplies =
  /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|MISCONF|OOM|NOREPLICAS|NOAUTH|WRONGPASS|UNBLOCKED|ERR max number of clients)/;

function translated(error: unknown): unknown {
  const unavailable = error instanceof ErrorReply ? unavailableReplies.test(error.message) : isConnectionFailure(error);
  return unavailable ? new StoreUnavailableError(`Redis does not answer: ${reasonOf(error)}. Try again later.`, { cause: error }) : error;
}

const connectionFailures = [
  AbortError,
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  ReconnectStrategyError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
  TimeoutError,
];

/** No answer at all: node-redis gave up, or the operating system did, which gives its errors a code. */
function isConnectionFailure(error: unknown): boolean {
  if (error instanceof Silence || error instanceof AggregateError || connectionFailures.some((one) => error instanceof one)) return true;
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return (error.message || error.constructor.name).replace(/\.$/, "");
}

const isLoading = (error: unknown): boolean => error instanceof StoreUnavailableError && /LOADING/.test(error.message);
