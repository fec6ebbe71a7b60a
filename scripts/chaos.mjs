// npm run chaos: gateways and Redis are killed at any moment while people work; then every promise is looked at.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { runInTerminal } from "./setup/run.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { setUp } from "./setup.mjs";

const help = `npm run chaos -- [options]

  --kills N   how many processes are killed (300)
  --seed S    draws what people do, who is killed, and what the network does (chaos)
`;

await script(async () => {
  const { values } = parseArgs({
    options: { kills: { type: "string", default: "300" }, seed: { type: "string", default: "chaos" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return void process.stdout.write(help);
  if (!/^[1-9]\d*$/.test(values.kills)) throw new SetUpError(`--kills must be a whole number from 1, not "${values.kills}".`);
  await setUp();
  const redis = await findRedisServer();
  if (redis === null) throw new SetUpError("Chaos needs a redis-server or valkey-server: install one.");
  const entry = join(root, "test/chaos/processes/run.ts");
  process.exitCode = await runInTerminal(process.execPath, ["--import", "tsx", entry, values.kills, values.seed, redis], { cwd: root });
});
