import { existsSync } from "node:fs";
import { examine } from "./doctor/examine.js";
import { renderTable, summaryOf } from "./doctor/table.js";

/** `npm run doctor`: looks at everything the gateway needs, and says what to do. Exit code 1 if something fails. */
if (existsSync(".env")) process.loadEnvFile();
const findings = await examine(process.env);
process.stdout.write(`\n${renderTable(findings, process.stdout.columns ?? 140)}\n\n${summaryOf(findings)}\n`);
if (findings.some(({ state }) => state === "fail")) process.exitCode = 1;
