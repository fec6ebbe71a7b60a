// npm start: sets itself up, then is the gateway. One process, so that a signal has one receiver.

import { script } from "./setup/script.mjs";
import { runTypeScript } from "./setup/typescript.mjs";
import { setUpToServe } from "./setup.mjs";

await script(async () => {
  await setUpToServe();
  await runTypeScript("src/main.ts");
});
