export type { CustomcrmCore } from "./core.js";
export { type CustomcrmSandbox, type CustomcrmSandboxOptions, startCustomcrmSandbox } from "./sandbox.js";
export type { Capability, CustomcrmSettings, SettingsPatch } from "./settings.js";
export type { Delivery } from "./webhooks.js";
