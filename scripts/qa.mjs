// npm run qa: sets itself up, then tries the dataflow document on the configured systems. `npm run qa -- --help` lists what it takes.

import { root } from "./setup/root.mjs";
import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUpToServe } from "./setup.mjs";

await script(async () => {
  await setUpToServe();
  const { qaCommand } = await importTypeScript("src/commands/qa.ts");
  process.exitCode = await qaCommand(process.argv.slice(2), { cwd: root, env: process.env, now: Date.now, print: (text) => process.stdout.write(text) });
});
