// npm run doctor: sets itself up, then looks at what the gateway needs. It starts no service, so it looks for no Redis server either.

import { script } from "./setup/script.mjs";
import { runTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  await setUp();
  await runTypeScript("src/commands/doctor.ts");
});
