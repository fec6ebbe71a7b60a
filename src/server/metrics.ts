import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { System } from "../domain/words.js";
import { type GaugeGroup, type GaugeParts, gaugeGroups } from "./gauges.js";
import type { Observer } from "./observers.js";

/** One exchange with a system, as `connectors/http.ts` tells of it. */
interface Call {
  readonly system: System;
  readonly method: string;
  readonly route: string;
  readonly status: number | null;
  readonly ms: number;
}

/** Names of operations come from clients, so that only the first of them have a series of their own. */
const maxNames = 100;
const maxNameLength = 80;
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const callBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * What Prometheus reads. Counts and times are this process's own; what is read from the store when it is scraped is the same from
 * every replica. No series has an id, a value or a name of anybody's data.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #names = new Set<string>();
  readonly #operations = new Histogram({
    name: "tandem_graphql_operation_seconds",
    help: "Operations answered, by kind, name and outcome.",
    labelNames: ["kind", "name", "outcome"],
    buckets: requestBuckets,
    registers: [this.#registry],
  });
  readonly #refused = new Counter({
    name: "tandem_requests_refused_total",
    help: "Requests that were not let through: credentials, rate, scope or items.",
    labelNames: ["reason"],
    registers: [this.#registry],
  });
  readonly #calls = new Histogram({
    name: "tandem_upstream_call_seconds",
    help: "Calls to the two systems, by route and outcome (the class of the status; refused_429; no_answer).",
    labelNames: ["system", "method", "route", "outcome"],
    buckets: callBuckets,
    registers: [this.#registry],
  });
  readonly #unreadable = new Counter({
    name: "tandem_metrics_unreadable_total",
    help: "Groups of gauges that could not be read when they were scraped.",
    labelNames: ["group"],
    registers: [this.#registry],
  });
  readonly #gauges = new Map(
    gaugeGroups.flatMap(({ gauges }) =>
      Object.entries(gauges).map(
        ([name, { help, labels }]) => [name, new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] })] as const,
      ),
    ),
  );
  #reading: Promise<string> | null = null;

  /** Counts what is answered, whichever way. */
  readonly observer: Observer = {
    answered: ({ operation, operationName, hasData, errors, ms }) => {
      const outcome = errors.length > 0 ? (hasData ? "partial" : "error") : "ok";
      // What could not be parsed, or is not allowed, is no operation of ours, and has no name here.
      const name = operation ? this.#nameOf(operationName) : "none";
      this.#operations.observe({ kind: operation?.operation ?? "none", name, outcome }, ms / 1000);
    },
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  refused(reason: "credentials" | "rate" | "scope" | "items"): void {
    this.#refused.inc({ reason });
  }

  called({ system, method, route, status, ms }: Call): void {
    this.#calls.observe({ system, method, route, outcome: outcomeOf(status) }, ms / 1000);
  }

  /** Reads the gauges anew, and gives all series as text. Scrapes at the same time are one. */
  text(parts: GaugeParts): Promise<string> {
    this.#reading ??= this.#read(parts).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** A group that can't be read has no series until it can: better than what was true before. */
  async #read(parts: GaugeParts): Promise<string> {
    const read = async ({ group, gauges, samples }: GaugeGroup) => {
      const found = await samples(parts).catch(() => {
        this.#unreadable.inc({ group });
        return [];
      });
      for (const name of Object.keys(gauges)) this.#gauges.get(name)?.reset();
      for (const { name, labels, value } of found) this.#gauges.get(name)?.set({ ...labels }, value);
    };
    await Promise.all(gaugeGroups.map(read));
    return this.#registry.metrics();
  }

  #nameOf(name: string | null | undefined): string {
    if (!name) return "anonymous";
    if (this.#names.has(name)) return name;
    if (this.#names.size >= maxNames || name.length > maxNameLength) return "other";
    this.#names.add(name);
    return name;
  }
}

const outcomeOf = (status: number | null): string => (status === null ? "no_answer" : status === 429 ? "refused_429" : `${Math.floor(status / 100)}xx`);
