// npm run sync: sets itself up, then starts a run of the gateway that listens at PORT, and shows how far it is.

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { script } from "./setup/script.mjs";
import { importTypeScript } from "./setup/typescript.mjs";
import { setUp } from "./setup.mjs";

await script(async () => {
  await setUp();
  if (existsSync(".env")) process.loadEnvFile(".env");
  const { syncCommand } = await importTypeScript("src/commands/sync.ts");
  const ending = new AbortController();
  // Asked to end: the run is cancelled first. Asked again: at once.
  process.once("SIGINT", () => ending.abort());
  const { HOST = "127.0.0.1", PORT = "4000", TANDEM_API_KEY } = process.env;
  const host = { "0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]" }[HOST] ?? HOST;
  process.exitCode = await syncCommand(process.argv.slice(2), {
    url: `http://${host}:${PORT}`,
    apiKey: TANDEM_API_KEY || null,
    print: (text) => process.stdout.write(text),
    isTTY: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 100,
    sleep,
    signal: ending.signal,
  });
});
