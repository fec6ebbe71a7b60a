// npm run sandbox: sets itself up, then is the two sandbox systems alone. `npm run sandbox -- --help` lists what they take.

import { script } from "./setup/script.mjs";
import { runTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  await setUp();
  await runTypeScript("src/sandbox/main.ts");
});
