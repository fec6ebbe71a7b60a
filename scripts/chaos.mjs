// npm run chaos: gateways and Redis are killed at any moment while people work; then every promise is looked at.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { findRedisServer } from "./setup/redis.mjs";
import { root } from "./setup/root.mjs";
import { runInTerminal } from "./setup/run.mjs";
import { SetUpError, script } from "./setup/script.mjs";
import { setUp } from "./setup.mjs";

const help = `npm run chaos -- [options]

  --kills N        how many processes are killed (300); 0 for none
  --acts N         what people do when nobody is killed any more (0; 100 where nobody is killed at all)
  --seed S         draws what people do, who is killed, and what the network does (chaos)
  --ablation NAME  without one safeguard, on a network that goes wrong just there: quarantine. The check must find promises broken
`;

await script(async () => {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "300" },
      acts: { type: "string" },
      seed: { type: "string", default: "chaos" },
      ablation: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const { kills, acts = kills === "0" ? "100" : "0", seed, ablation } = values;
  for (const [name, value] of Object.entries({ kills, acts }))
    if (!/^\d+$/.test(value)) throw new SetUpError(`--${name} must be a whole number from 0, not "${value}".`);
  await setUp();
  const redis = await findRedisServer();
  if (redis === null) throw new SetUpError("Chaos needs a redis-server or valkey-server: install one.");
  const entry = join(root, "test/chaos/processes/run.ts");
  const args = ["--kills", kills, "--acts", acts, "--seed", seed, "--redis", redis, ...(ablation === undefined ? [] : ["--ablation", ablation])];
  process.exitCode = await runInTerminal(process.execPath, ["--import", "tsx", entry, ...args], { cwd: root });
});
