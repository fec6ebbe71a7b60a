import type { Origins } from "./given.js";

/** How often each system was called, by `METHOD route`. */
export type Counts = { readonly [S in keyof Origins]: Readonly<Record<string, number>> };

const names = ["exact", "customcrm"] as const satisfies readonly (keyof Origins)[];

/** Both systems, by their control APIs. */
export class Systems {
  constructor(private readonly origins: Origins) {}

  async forgetCalls(): Promise<void> {
    for (const name of names) await this.#control(name, "DELETE", "/calls");
  }

  async counts(): Promise<Counts> {
    const [exact, customcrm] = await Promise.all(names.map(async (name) => (await this.#control(name, "GET", "/calls")) as { counts: Record<string, number> }));
    return { exact: exact?.counts ?? {}, customcrm: customcrm?.counts ?? {} };
  }

  /** Every answer comes so much later while `work` lasts. */
  async late<T>(ms: number, work: () => Promise<T>): Promise<T> {
    for (const name of names) await this.#control(name, "POST", "/faults", { fault: { kind: "slow", ms } });
    try {
      return await work();
    } finally {
      for (const name of names) await this.#control(name, "DELETE", "/faults");
    }
  }

  async #control(name: keyof Origins, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.origins[name]}/_control${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /_control${path} of ${name}: ${answer.status} ${text}`);
    return text === "" ? null : (JSON.parse(text) as unknown);
  }
}

const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** `5 (2 GET Accounts, 3 GET Contacts)`; each divided by `by`. */
export function told(counts: Readonly<Record<string, number>>, by = 1): string {
  const short = (value: number) => String(Number((value / by).toFixed(2)));
  const routes = Object.entries(counts).map(([route, count]) => `${short(count)} ${routeOf(route)}`);
  return `${short(sumOf(counts))}${routes.length > 0 ? ` (${routes.join(", ")})` : ""}`;
}

/** Without what all routes of a system begin with. */
const routeOf = (route: string): string => route.replace(/ \/api\/v1\/(\{division\}\/)?/, " ");
