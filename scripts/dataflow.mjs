// npm run dataflow: sets itself up, then writes the dataflow document of the running table. `npm run dataflow -- --help` lists what it takes.

import { root } from "./setup/root.mjs";
import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  await setUp();
  const { dataflowCommand } = await importTypeScript("src/commands/dataflow.ts");
  process.exitCode = dataflowCommand(process.argv.slice(2), { cwd: root, now: Date.now, print: (text) => process.stdout.write(text) });
});
