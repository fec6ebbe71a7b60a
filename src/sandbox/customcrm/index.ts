export type { CustomcrmCore } from "./core.js";
export { type CustomcrmSandbox, type CustomcrmSandboxOptions, startCustomcrmSandbox } from "./sandbox.js";
export { type Capability, type CustomcrmSettings, capabilities, defaultSettings, type SettingsPatch } from "./settings.js";
export type { Delivery } from "./webhooks.js";
