import { parseArgs } from "node:util";
import { runChaos } from "../chaos.js";
import { ablationNames, networkFor } from "../settings.js";

const { values } = parseArgs({
  options: { kills: { type: "string" }, acts: { type: "string" }, seed: { type: "string" }, ablation: { type: "string" }, redis: { type: "string" } },
});
const { kills, acts, seed = "chaos", ablation = null, redis: redisBinary = "redis-server" } = values;
if (ablation !== null && !ablationNames.includes(ablation)) {
  process.stderr.write(`--ablation: there is no ${ablation}; there is ${ablationNames.join(", ")}.\n`);
  process.exit(1);
}
const began = Date.now();
process.stdout.write(`Seed ${seed}: it draws the edits, the kills and the faults; how processes run against each other differs each time.\n`);
const report = await runChaos({
  kills: Number(kills),
  acts: Number(acts),
  seed,
  redisBinary,
  onProgress: (line) => process.stdout.write(`${line}\n`),
  ...(ablation === null ? {} : { ablation, network: networkFor(ablation) }),
});
const { broken, gatewayKills, workerKills, redisKills, edits, mutations, runs, blind, faults } = report;
for (const line of broken) process.stdout.write(`${line}\n`);
const network = Object.entries(faults)
  .map(([name, count]) => `${count} ${name}`)
  .join(", ");
process.stdout.write(
  `${gatewayKills} gateways, ${workerKills} workers and ${redisKills} times Redis killed in ${Math.round((Date.now() - began) / 1000)} s; ` +
    `${edits} things done by people, ${mutations} of them mutations and ${runs} runs of the sync; ` +
    `network: ${network}; ${blind} edits overwritten unseen in Exact. ${broken.length === 0 ? "Every promise held." : `${broken.length} broken.`}\n`,
);
process.exit(broken.length === 0 ? 0 : 1);
