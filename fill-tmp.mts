import { pino } from "pino";
const root = "/work/main/src/";
const { createApp } = await import(root + "app.ts");
const { parseConfig } = await import(root + "config.ts");
const { startSandboxes } = await import(root + "sandbox/index.ts");
const own = process.argv[2] === "own";
const sandboxes = await startSandboxes({ exactSettings: { webhookOwnWrites: own } });
const config = parseConfig({ PORT: "0", TANDEM_DATA_DIR: "/tmp/fill-" + process.pid, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") });
const app = await createApp(config, { redisUrl: null, log: pino({ level: "warn" }), sandboxes });
const began = Date.now();
await app.ready;
console.log("ready", Date.now() - began);
for (let i = 0; i < 5; i++) {
  await new Promise((r) => setTimeout(r, 30_000));
  const counts: Record<string, number> = {};
  for (const c of sandboxes.exact.calls.all()) { const k = c.method + " " + c.routeTemplate + " " + c.status; counts[k] = (counts[k] ?? 0) + 1; }
  const s = await app.summary();
  console.log(Math.round((Date.now() - began) / 1000), JSON.stringify(counts), "pending", Object.values(s.counts).map((c: any) => c.PENDING).join("/"));
}
await app.stop(); await sandboxes.stop();
