import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.mjs";

/** Runs a TypeScript file of the project in this process, as if it had been started itself: its arguments are ours. */
export async function runTypeScript(path) {
  process.argv[1] = join(root, path);
  await importTypeScript(path);
}

/** What a TypeScript file of the project exports. Call it after the set-up: the loader is one of the dependencies. */
export async function importTypeScript(path) {
  const { register } = await import("tsx/esm/api");
  register();
  return import(pathToFileURL(join(root, path)).href);
}
