import { RedisStore } from "../../src/store/redis.js";
import { entity, write } from "../contracts/store-samples.js";

/**
 * A process that links: `link-race.ts <url> <tenant> <name> <records>`. When told to, it pairs every Customcrm record with an
 * Exact record of its own choice, and prints what came of it. Another process does the same at the same time.
 */
const [url = "", tenant = "", name = "", count = "0"] = process.argv.slice(2);
const store = await RedisStore.connect({ url, tenant, encryptionKey: "a key for tests" });
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));

const outcomes: Record<string, number> = { LINKED: 0, STALE: 0, TAKEN: 0 };
await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    // Each name pairs the records in another order, so that the processes claim each of them for different partners.
    const exact = name === "one" ? i : (i + 1) % Number(count);
    const own = entity(`${name}-${i}`, { state: "LINKED", records: { CUSTOMCRM: `c${i}`, EXACT: `x${exact}` } });
    const result = await store.entities.commit({ put: [write(own)] });
    const outcome = result.ok ? "LINKED" : result.reason;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }),
);
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
process.stdin.destroy();
await store.stop();
