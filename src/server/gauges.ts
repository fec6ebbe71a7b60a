import type { WaitingCalls } from "../connectors/connector.js";
import { recordTypeOf } from "../domain/dataflow.js";
import type { SyncSettings } from "../domain/settings.js";
import { type Clock, entityTypes, linkStates, type System, systems } from "../domain/words.js";
import type { Queue } from "../queue/queue.js";
import type { Connectors } from "../resolvers/parts.js";
import type { Store } from "../store/store.js";

/** What gauges are read from, when somebody asks. */
export interface GaugeParts {
  readonly store: Store;
  readonly connectors: Connectors;
  readonly settings: Pick<SyncSettings, "flows">;
  readonly queue: Pick<Queue, "depth">;
  readonly clock: Clock;
  /** Whether calls to a system fail at once now, as it did not answer. */
  readonly isBreakerOpen: (system: System) => boolean;
  /** Calls of this process that wait for Exact's budget, by class. */
  readonly waitingCalls: () => readonly WaitingCalls[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Gauges that are read together, and fail together. */
export interface GaugeGroup {
  readonly group: string;
  readonly gauges: Readonly<Record<string, { readonly help: string; readonly labels: readonly string[] }>>;
  samples(parts: GaugeParts): Promise<readonly Sample[]>;
}

export const gaugeGroups: readonly GaugeGroup[] = [
  {
    group: "systems",
    gauges: {
      tandem_system_reachable: { help: "1 while the last call to the system was answered.", labels: ["system"] },
      tandem_system_authorized: { help: "1 while the system lets the gateway in.", labels: ["system"] },
      tandem_budget_remaining: {
        help: "Calls that a system still allows in a window: minute, day, or errors of an endpoint.",
        labels: ["system", "window", "endpoint"],
      },
      tandem_budget_limit: { help: "Calls that a system allows in a window in all.", labels: ["system", "window", "endpoint"] },
    },
    samples: async ({ connectors }) => {
      const statuses = await Promise.all(systems.map(async (system) => ({ system, ...(await connectors[system].status()) })));
      return statuses.flatMap(({ system, reachable, authorized, budget }) => [
        { name: "tandem_system_reachable", labels: { system }, value: Number(reachable) },
        { name: "tandem_system_authorized", labels: { system }, value: Number(authorized) },
        ...budget.flatMap(({ window, endpoint, limit, remaining }) => {
          const labels = { system, window, endpoint: endpoint ?? "" };
          return [
            ...(remaining === null ? [] : [{ name: "tandem_budget_remaining", labels, value: remaining }]),
            ...(limit === null ? [] : [{ name: "tandem_budget_limit", labels, value: limit }]),
          ];
        }),
      ]);
    },
  },
  {
    group: "breakers",
    gauges: { tandem_breaker_open: { help: "1 while this process does not call the system, as it did not answer.", labels: ["system"] } },
    samples: async ({ isBreakerOpen }) => systems.map((system) => ({ name: "tandem_breaker_open", labels: { system }, value: Number(isBreakerOpen(system)) })),
  },
  {
    group: "queue",
    gauges: {
      tandem_queue_jobs: { help: "Jobs by kind and by where they are: waiting, active, delayed.", labels: ["kind", "state"] },
      tandem_queue_oldest_seconds: { help: "How long the oldest job of a kind has waited that could have been begun.", labels: ["kind"] },
    },
    samples: async ({ queue }) =>
      Object.entries(await queue.depth()).flatMap(([kind, { oldestMs, ...counts }]) => [
        ...Object.entries(counts).map(([state, value]) => ({ name: "tandem_queue_jobs", labels: { kind, state }, value })),
        { name: "tandem_queue_oldest_seconds", labels: { kind }, value: (oldestMs ?? 0) / 1000 },
      ]),
  },
  {
    group: "calls",
    gauges: {
      tandem_calls_waiting: {
        help: "Calls of this process that wait for Exact's budget, by class: interactive, repair, change, poll, compare.",
        labels: ["class"],
      },
      tandem_calls_waiting_oldest_seconds: { help: "How long the first of them has waited.", labels: ["class"] },
    },
    samples: async ({ waitingCalls }) =>
      waitingCalls().flatMap(({ class: of, count, oldestMs }) => [
        { name: "tandem_calls_waiting", labels: { class: of }, value: count },
        { name: "tandem_calls_waiting_oldest_seconds", labels: { class: of }, value: oldestMs / 1000 },
      ]),
  },
  {
    group: "work",
    gauges: {
      tandem_entities_marked: { help: "Entities that have changed and are still to be looked at.", labels: [] },
      tandem_entities_due: { help: "Entities that are owed a write or a further try, at any time.", labels: [] },
      tandem_entities_overdue_seconds: { help: "How long ago the first of them was to be looked at; 0: none is late.", labels: [] },
    },
    samples: async ({ store, clock }) => {
      const [marked, due, [first]] = await Promise.all([store.feeds.countDirty(), store.entities.countDue(), store.entities.due(clock(), 1)]);
      const [late] = first === undefined ? [] : await store.entities.get([first]);
      const dueAt = late?.nextActionAt ? Date.parse(late.nextActionAt) : clock();
      return [
        { name: "tandem_entities_marked", labels: {}, value: marked },
        { name: "tandem_entities_due", labels: {}, value: due },
        { name: "tandem_entities_overdue_seconds", labels: {}, value: Math.max(0, clock() - dueAt) / 1000 },
      ];
    },
  },
  {
    group: "links",
    gauges: { tandem_links: { help: "Entities by type and by the state of their link; CONFLICT and FAILED wait for a person.", labels: ["type", "state"] } },
    samples: async ({ store }) => {
      const counts = await Promise.all(entityTypes.map(async (type) => ({ type, of: await store.entities.counts(type) })));
      return counts.flatMap(({ type, of }) => linkStates.map((state) => ({ name: "tandem_links", labels: { type, state }, value: of[state] })));
    },
  },
  {
    group: "feeds",
    gauges: {
      tandem_feed_lag_seconds: { help: "How long ago a change feed was last read to its end; none before it was.", labels: ["system", "feed"] },
      tandem_feed_unread: { help: "1 for a change feed that was never read to its end.", labels: ["system", "feed"] },
    },
    samples: async ({ store, connectors, clock }) => {
      const feeds = systems.flatMap((system) => connectors[system].feeds.map(({ name }) => ({ system, feed: name })));
      const samples = await Promise.all(
        feeds.map(async (labels) => {
          const { polledAt } = await store.feeds.get(labels.system, labels.feed);
          const lag = polledAt === null ? [] : [{ name: "tandem_feed_lag_seconds", labels, value: Math.max(0, clock() - Date.parse(polledAt)) / 1000 }];
          return [{ name: "tandem_feed_unread", labels, value: Number(polledAt === null) }, ...lag];
        }),
      );
      return samples.flat();
    },
  },
  {
    group: "drift",
    gauges: {
      tandem_drift_records: { help: "Linked records that the last full compare did not find, and no feed has told of.", labels: ["system", "type"] },
      tandem_compare_age_seconds: { help: "How long ago a full compare of these records was last complete.", labels: ["system", "type"] },
    },
    samples: async ({ store, settings, clock }) => {
      const kinds = systems.flatMap((system) => [...new Set(settings.flows.map((flow) => recordTypeOf(flow, system)))].map((type) => ({ system, type })));
      const samples = await Promise.all(
        kinds.map(async (labels) => {
          const last = await store.documents.get<{ at: string; ids: readonly string[] }>("compare", `${labels.system}:${labels.type}`);
          if (!last) return [];
          return [
            { name: "tandem_drift_records", labels, value: last.value.ids.length },
            { name: "tandem_compare_age_seconds", labels, value: Math.max(0, clock() - Date.parse(last.value.at)) / 1000 },
          ];
        }),
      );
      return samples.flat();
    },
  },
];
