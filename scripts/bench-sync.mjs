// npm run bench:sync: measures the sync on a seeded pair of systems. `npm run bench:sync -- --accounts 300` for a small one.
import { parseArgs } from "node:util";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  const { values } = parseArgs({ options: { accounts: { type: "string", default: "5000" } } });
  const customers = Number(values.accounts);
  if (!Number.isInteger(customers) || customers < 1) throw new SetUpError(`--accounts must be a whole number from 1, not "${values.accounts}".`);
  await setUp();
  const binary = await findRedisServer();
  if (binary === null) throw new SetUpError("The bench needs a redis-server.");
  const { benchSync } = await importTypeScript("bench/sync/main.ts");
  await benchSync({ customers, root, binary, print: (text) => process.stdout.write(text) });
});
