// npm run links: sets itself up, then writes, puts back or rebuilds the link map. `npm run links -- --help` lists what it takes.

import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUpToServe } from "./setup.mjs";

await script(async () => {
  await setUpToServe();
  const { runLinks } = await importTypeScript("src/commands/operator-processes.ts");
  process.exitCode = await runLinks(process.argv.slice(2));
});
