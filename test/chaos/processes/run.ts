import { runChaos } from "../chaos.js";

const [kills, seed = "chaos", redisBinary = "redis-server"] = process.argv.slice(2);
const began = Date.now();
process.stdout.write(`Seed ${seed}: it draws the edits, the kills and the faults; how processes run against each other differs each time.\n`);
const report = await runChaos({ kills: Number(kills), seed, redisBinary, onProgress: (line) => process.stdout.write(`${line}\n`) });
const { broken, gatewayKills, redisKills, edits, mutations, blind, faults } = report;
for (const line of broken) process.stdout.write(`${line}\n`);
const network = Object.entries(faults)
  .map(([name, count]) => `${count} ${name}`)
  .join(", ");
process.stdout.write(
  `${gatewayKills} gateways and ${redisKills} times Redis killed in ${Math.round((Date.now() - began) / 1000)} s; ${edits} things done by people, ${mutations} of them mutations; ` +
    `network: ${network}; ${blind} edits overwritten unseen in Exact. ${broken.length === 0 ? "Every promise held." : `${broken.length} broken.`}\n`,
);
process.exit(broken.length === 0 ? 0 : 1);
