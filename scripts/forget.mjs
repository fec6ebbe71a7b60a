// npm run forget: sets itself up, then erases what the gateway keeps of one entity.

import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUpToServe } from "./setup.mjs";

await script(async () => {
  await setUpToServe();
  const { runForget } = await importTypeScript("src/commands/operator-processes.ts");
  process.exitCode = await runForget(process.argv.slice(2));
});
