/**
 * The house, drawn as a table: each part, its files, and whose files it may import besides its own.
 * Every file under src belongs to exactly one part; a new part needs a line here.
 */
const contracts = ["connector contract", "store contract", "queue contract"];
const parts = [
  { name: "main", files: "src/main\\.ts$", mayImport: ["app", "config", "log", "tracing", "first screen", "start errors", "private Redis", "domain"] },
  {
    name: "doctor",
    files: "src/commands/doctor(\\.ts$|/)",
    mayImport: ["app", "config", "private Redis", "store", ...contracts, "connectors shared", "Exact", "Customcrm", "domain"],
  },
  {
    name: "operator commands",
    files: "src/commands/(sync|links|forget|open-store|operator-processes)\\.ts$",
    mayImport: [
      ...["app", "doctor", "config", "site settings", "start errors", "sync", ...contracts, "connectors shared", "store", "private Redis"],
      ...["sandbox", "domain"],
    ],
  },
  { name: "first screen", files: "src/(first-screen|progress)\\.ts$", mayImport: ["config", "store contract", "domain"] },
  { name: "start errors", files: "src/(startup-error|ports)\\.ts$", mayImport: ["config", "server", "private Redis", "domain"] },
  {
    name: "app",
    files: "src/(app|connect)\\.ts$",
    mayImport: [
      ...["config", "site settings", "server", "resolvers", "schema", "sync", ...contracts, "connectors shared", "Exact", "Customcrm"],
      ...["store", "Redis keys and connection", "queue", "sandbox", "first screen", "log", "domain"],
    ],
  },
  { name: "config", files: "src/(config|env|encryption-key)\\.ts$", mayImport: [] },
  { name: "site settings", files: "src/dataflow-file\\.ts$", mayImport: ["domain"] },
  { name: "spans", files: "src/spans\\.ts$", mayImport: [] },
  { name: "tracing", files: "src/tracing\\.ts$", mayImport: ["config", "spans"] },
  { name: "log", files: "src/log\\.ts$", mayImport: ["domain"] },
  { name: "server", files: "src/server/", mayImport: ["spans", "log", "resolvers", "schema", "sync", ...contracts, "domain"] },
  { name: "resolvers", files: "src/resolvers/", mayImport: ["spans", "schema", "sync", ...contracts, "domain"] },
  { name: "schema", files: "src/schema/", mayImport: ["domain"] },
  { name: "sync", files: "src/sync/", mayImport: [...contracts, "domain"] },
  { name: "Exact", files: "src/connectors/exact/", mayImport: ["spans", "connectors shared", "connector contract", "store contract", "domain"] },
  { name: "Customcrm", files: "src/connectors/customcrm/", mayImport: ["spans", "connectors shared", "connector contract", "store contract", "domain"] },
  { name: "connectors shared", files: "src/connectors/(?!connector\\.ts)[^/]+\\.ts$", mayImport: ["spans", "connector contract", "store contract", "domain"] },
  { name: "connector contract", files: "src/connectors/connector\\.ts$", mayImport: ["domain"] },
  { name: "private Redis", files: "src/store/(private-redis|redis-server|redis-probe|data-lock|socket-path)\\.ts$", mayImport: [] },
  {
    name: "Redis keys and connection",
    files: "src/store/(keys|script-text|redis/(connection|deadlines|silences))\\.ts$",
    mayImport: ["store contract", "domain"],
  },
  {
    name: "store",
    files:
      "src/store/(?!(store|budget|keys|script-text|redis/connection|redis/deadlines|redis/silences|private-redis|redis-server|redis-probe|data-lock|socket-path)\\.ts)",
    mayImport: ["Redis keys and connection", "store contract", "domain"],
  },
  { name: "store contract", files: "src/store/(store|budget)\\.ts$", mayImport: ["connector contract", "domain"] },
  { name: "queue", files: "src/queue/(?!queue\\.ts)", mayImport: ["spans", "Redis keys and connection", "queue contract", "domain"] },
  { name: "queue contract", files: "src/queue/queue\\.ts$", mayImport: ["domain"] },
  { name: "document", files: "src/document/", mayImport: ["domain"] },
  { name: "checklist", files: "src/qa/", mayImport: ["document", "sync", ...contracts, "domain"] },
  {
    name: "commands",
    files: "src/commands/(dataflow|qa|qa-bench|qa-hands)\\.ts$",
    mayImport: [
      ...["app", "config", "site settings", "document", "checklist", "sync", ...contracts, "connectors shared", "store", "private Redis", "start errors"],
      ...["sandbox", "domain"],
    ],
  },
  { name: "sandbox", files: "src/sandbox/", mayImport: ["domain"] },
  { name: "domain", files: "src/domain/", mayImport: [] },
];

const filesOf = (names) => parts.filter(({ name }) => names.includes(name)).map(({ files }) => `^${files}`);
for (const { name, mayImport } of parts) {
  const unknown = mayImport.filter((other) => !parts.some((part) => part.name === other));
  if (unknown.length > 0) throw new Error(`${name} may import ${unknown.join(", ")}, which is no part.`);
}

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...parts.map(({ name, files, mayImport }) => ({
      name: `${name} may import ${mayImport.join(", ") || "nothing"} only`,
      severity: "error",
      from: { path: `^${files}` },
      to: { path: "^src/", pathNot: [`^${files}`, ...filesOf(mayImport)] },
    })),
    { name: "every file belongs to a part", severity: "error", from: { path: "^src/", pathNot: filesOf(parts.map(({ name }) => name)) }, to: {} },
    { name: "every imported file belongs to a part", severity: "error", from: {}, to: { path: "^src/", pathNot: filesOf(parts.map(({ name }) => name)) } },
    { name: "src does not import its tests or scripts", severity: "error", from: { path: "^src/" }, to: { path: "^(test|scripts|clients)/" } },
    { name: "domain is pure: no packages, no I/O", severity: "error", from: { path: "^src/domain/" }, to: { dependencyTypesNot: ["local", "type-only"] } },
    {
      name: "sync is pure of I/O: what it needs comes in",
      severity: "error",
      from: { path: "^src/sync/" },
      to: { path: "^(node:)?(fs|net|http|https|tls|dgram|child_process)(/|$)" },
    },
    // What only types name is gone at run time.
    { name: "no cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    // That package has types only, and nothing to resolve at run time.
    { name: "imports resolve", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^@graphql-typed-document-node/core$" } },
    {
      name: "the client stands alone",
      severity: "error",
      from: { path: "^clients/" },
      to: { pathNot: "^(clients/|(node_modules/)?@graphql-typed-document-node/)" },
    },
    {
      name: "src needs no development dependency",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "^node_modules/@types/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
