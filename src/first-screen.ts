import type { Config } from "./config.js";
import { type EntityType, entityTypes, type LinkState, linkStates } from "./domain/words.js";

/** What runs, and where. */
export interface Running {
  readonly config: Config;
  /** Where the gateway listens, without a slash at the end. */
  readonly url: string;
  /** Where the two systems are; the sandbox's own addresses in the sandbox. */
  readonly systems: { readonly exact: string; readonly customcrm: string };
  /** "private": our own server, its data under the data folder; "external": REDIS_URL; "memory": nothing is kept. */
  readonly store: "private" | "external" | "memory";
}

/** How far linking has come. */
export interface Summary {
  readonly counts: { readonly [T in EntityType]: { readonly [S in LinkState]: number } };
}

/** The query that the first screen proposes. */
export const firstQuery = "{ accounts(first: 3) { totalCount nodes { name city customcrmId exactId link { state } } } }";

/** What a newcomer reads first: what runs where, what to open, what to try, how to go on. */
export function firstScreen(running: Running): string {
  const { config, url } = running;
  const lines = ["", config.role === "worker" ? "Tandem works for the gateway's other processes." : "Tandem serves.", "", ...places(running)];
  if (config.role !== "worker") lines.push("", "Try", `  ${curl(config, url)}`);
  lines.push("", ...nextSteps(running), "", "Ctrl-C stops all of it.", "");
  return lines.join("\n");
}

function places(running: Running): string[] {
  const { config, url, systems } = running;
  const sandbox = config.mode === "sandbox" ? "   (sandbox: open it to see and edit its records)" : "";
  const gateway =
    config.role === "worker"
      ? [["Health", `${url}/health/ready`]]
      : [
          ["GraphQL", `${url}/graphql`],
          ["Explorer", `${url}/`],
        ];
  const rows = [
    ...gateway,
    ["Exact Online", `${systems.exact}${sandbox}`],
    ["Customcrm", `${systems.customcrm}${sandbox}`],
    ["Links kept in", store(running)],
    ["Open to", access(config)],
  ];
  return rows.map(([what = "", where = ""]) => `  ${what.padEnd(14)} ${where}`);
}

function store({ store: kind, config }: Running): string {
  switch (kind) {
    case "private":
      return `Redis of its own, data in ${config.dataDir}/redis`;
    case "external":
      return "the Redis of REDIS_URL";
    case "memory":
      return "memory only: gone when this process ends. Install redis-server, or set REDIS_URL, to keep them";
  }
}

function access(config: Config): string {
  if (config.access.apiKeys.length > 0) return "whoever has one of API_KEYS";
  if (config.access.jwksUrl !== null) return "whoever has a token signed by a key of JWT_JWKS_URL";
  return `this machine only (${config.host}), without credentials`;
}

function curl(config: Config, url: string): string {
  const credentials = config.access.apiKeys.length > 0 || config.access.jwksUrl !== null ? ` -H "authorization: Bearer $TOKEN"` : "";
  return `curl -s ${url}/graphql -H "content-type: application/json"${credentials} -d '${JSON.stringify({ query: firstQuery })}'`;
}

function nextSteps({ config, url }: Running): string[] {
  if (config.mode === "sandbox") {
    return ["To connect the real systems", "  cp .env.example .env, fill in its first part, start again, and open /auth/exact once to let the gateway in."];
  }
  const consent = `  Open ${config.publicUrl ?? url}/auth/exact once to let the gateway in to Exact Online; \`{ systems { system authorized } }\` tells if it is.`;
  if (config.firstContact === "live") return ["Real systems", consent];
  return ["Real systems", consent, "  Nothing is written to them yet: read the plan of a dry run, then confirm it with the mutation resumeDataflow."];
}

const plural: { readonly [T in EntityType]: string } = { ACCOUNT: "Accounts", CONTACT: "Contacts", PRODUCT: "Products" };
const inWords: { readonly [S in LinkState]: string } = {
  LINKED: "linked",
  PENDING: "on their way",
  WAITING: "waiting for another",
  REVIEW: "in review",
  UNLINKED: "in one system only",
  CONFLICT: "in conflict",
  FAILED: "refused",
  DETACHED: "detached",
};

/** One line: how many of each type, by state. */
export function progressLine({ counts }: Summary): string {
  const order = ["LINKED", ...linkStates.filter((state) => state !== "LINKED")] as const;
  const parts = entityTypes.map((type) => {
    const total = linkStates.reduce((sum, state) => sum + counts[type][state], 0);
    const states = order.filter((state) => counts[type][state] > 0).map((state) => `${counts[type][state]} ${inWords[state]}`);
    return `${plural[type]} ${total}${states.length > 0 ? `: ${states.join(", ")}` : ""}`;
  });
  return parts.join(" · ");
}

/** How many entities are owed a write that is on its way. */
export const countPending = ({ counts }: Summary): number => entityTypes.reduce((sum, type) => sum + counts[type].PENDING, 0);
