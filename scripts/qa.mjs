// npm run qa: sets itself up, then tries the dataflow document on the configured systems. `npm run qa -- --help` lists what it takes.

import { root } from "./setup/root.mjs";
import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUpToServe } from "./setup.mjs";

await script(async () => {
  await setUpToServe();
  const { qaCommand } = await importTypeScript("src/commands/qa.ts");
  const stopping = new AbortController();
  // Once more, and it ends at once, whatever it leaves behind.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort(new Error("It was stopped by hand.")));
  process.exitCode = await qaCommand(process.argv.slice(2), {
    cwd: root,
    env: process.env,
    now: Date.now,
    print: (text) => process.stdout.write(text),
    stopped: stopping.signal,
  });
});
