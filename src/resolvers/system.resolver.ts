import { FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import { limits } from "../domain/limits.js";
import { entityTypes, type System, systems } from "../domain/words.js";
import { SystemStatus } from "../schema/system-status.type.js";
import type { ResolverParts } from "./parts.js";

type OwedBySystem = { readonly [S in System]: number };
type StatusObject = Omit<SystemStatus, "queued"> & { readonly owed: () => Promise<OwedBySystem> };

@Resolver(() => SystemStatus)
export class SystemResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Query(() => [SystemStatus], { description: "How the two systems are doing, told without calling them." })
  systems(): Promise<StatusObject[]> {
    let owed: Promise<OwedBySystem> | undefined;
    const owedOnce = () => {
      owed ??= this.#owed();
      return owed;
    };
    return Promise.all(systems.map((system) => this.#status(system, owedOnce)));
  }

  @FieldResolver(() => Int, { description: "Writes that are owed to it." })
  async queued(@Root() { system, owed }: StatusObject): Promise<number> {
    return (await owed())[system];
  }

  async #status(system: System, owed: StatusObject["owed"]): Promise<StatusObject> {
    const { connectors, store, clock } = this.#parts;
    const connector = connectors[system];
    const [status, feeds] = await Promise.all([connector.status(), Promise.all(connector.feeds.map(({ name }) => store.feeds.get(system, name)))]);
    const polled = feeds.map(({ polledAt }) => polledAt);
    const oldest = polled.includes(null) || polled.length === 0 ? null : Math.min(...polled.map((time) => Date.parse(time ?? "")));
    return {
      system,
      reachable: status.reachable,
      authorized: status.authorized,
      problem: status.problem && { ...status.problem, system, field: null, attempts: 0, nextAttemptAt: null },
      feedLagSeconds: oldest === null ? null : Math.max(0, Math.floor((clock() - oldest) / 1000)),
      lastChangeAt: feeds.map(({ lastChangeAt }) => lastChangeAt).reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null),
      budget: status.budget,
      owed,
    };
  }

  /** All intents stand on PENDING links; these are few, or the first fill is under way. */
  async #owed(): Promise<OwedBySystem> {
    const { entities } = this.#parts.store;
    const owed = { CUSTOMCRM: 0, EXACT: 0 };
    let after: string | null = null;
    do {
      const page = await entities.listLinks(entityTypes, ["PENDING"], limits.list.maxFirst, after);
      for (const { intents } of page.entities) for (const { system, givenUpAt } of intents) if (!givenUpAt) owed[system]++;
      after = page.hasNextPage ? (page.cursors.at(-1) ?? null) : null;
    } while (after !== null);
    return owed;
  }
}
