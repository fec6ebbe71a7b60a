import { readFileSync } from "node:fs";

/** A Lua script of `scripts`, by its name. The folder stands beside this module, compiled and bundled. */
export const scriptText = (name: string): string => readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), "utf8");
