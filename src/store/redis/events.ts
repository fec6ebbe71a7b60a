import type { Keys } from "../keys.js";
import type { BusMessage, EventBus } from "../store.js";
import { Subscribers } from "../subscribers.js";
import type { Client, Connection, Log } from "./connection.js";

/** Redis pub/sub: what one process publishes every process hears, itself too. It subscribes again after a lost connection. */
export class RedisEvents implements EventBus {
  readonly #connection: Connection;
  readonly #channel: string;
  readonly #listener: Client;
  readonly #subscribers: Subscribers;

  private constructor(connection: Connection, channel: string, listener: Client, subscribers: Subscribers) {
    this.#connection = connection;
    this.#channel = channel;
    this.#listener = listener;
    this.#subscribers = subscribers;
  }

  /** A connection that subscribes can do nothing else, so the bus has one of its own. */
  static async open(connection: Connection, keys: Keys, log: Log): Promise<RedisEvents> {
    const listener = connection.client.duplicate();
    // The main connection tells of outages; without a listener of errors this one would end the process.
    listener.on("error", () => {});
    const subscribers = new Subscribers(log);
    try {
      await connection.call(() => listener.connect());
      await connection.call(() => listener.subscribe(keys.events, (text) => subscribers.tell(messageOf(text))));
    } catch (error) {
      listener.destroy();
      throw error;
    }
    return new RedisEvents(connection, keys.events, listener, subscribers);
  }

  async publish(message: BusMessage): Promise<void> {
    await this.#connection.call((client) => client.publish(this.#channel, JSON.stringify(message)));
  }

  subscribe(handler: (message: BusMessage) => void): () => void {
    return this.#subscribers.add(handler);
  }

  stop(): void {
    this.#subscribers.clear();
    if (this.#listener.isOpen) this.#listener.destroy();
  }
}

const topics: readonly BusMessage["topic"][] = ["entity", "run", "hint"];

/** null: not a message of ours, or of a topic that another version of the gateway knows. */
function messageOf(text: string): BusMessage | null {
  try {
    const message = JSON.parse(text) as BusMessage;
    return topics.includes(message?.topic) ? message : null;
  } catch {
    return null;
  }
}
