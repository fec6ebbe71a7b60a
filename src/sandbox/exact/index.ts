export type { ExactCore } from "./core.js";
export type { Change } from "./core-state.js";
export { type ExactSandbox, type ExactSandboxOptions, startExactSandbox } from "./sandbox.js";
export type { ExactSeed, ExactSeedRow } from "./seed.js";
export { type ExactSettings, exactSettings } from "./settings.js";
