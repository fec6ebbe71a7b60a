import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "../config.js";
import { readDataflowFile } from "../dataflow-file.js";
import { DocumentError, parseDocument, tableOf } from "../document/index.js";
import { type Dataflow, dataflows } from "../domain/dataflow.js";
import { InvalidInputError } from "../domain/errors.js";
import type { SyncSettings } from "../domain/settings.js";
import { type EntityType, entityTypes } from "../domain/words.js";
import { runChecklist } from "../qa/checklist.js";
import { saysTheSame } from "../qa/document-check.js";
import { htmlReport } from "../qa/report-html.js";
import { textReport } from "../qa/report-text.js";
import type { Result } from "../qa/results.js";
import { explain } from "../startup-error.js";
import { type BenchOptions, startRealBench, startSandboxBench } from "./qa-bench.js";

export interface QaWorld {
  /** Where `dataflow.yml` and `docs/dataflow.rst` are looked for, and where the report goes. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly print: (text: string) => void;
  /** What the sync works by, instead of the shipped table with `dataflow.yml`. */
  readonly settings?: SyncSettings;
  /** Aborted: the checklist ends at once, and removes what it has made. */
  readonly stopped?: AbortSignal;
  /** Real systems' limits and pace, where they are not the usual ones. */
  readonly real?: Pick<BenchOptions, "rules" | "patience">;
}

const flag = "yes-write-to-real-systems";
const help = `npm run qa -- [--only account,contact,product] [--out <file>] [--${flag}]

Tries every sentence and every property of the dataflow document, prints what holds, and writes qa-report.html. It fails if anything
does not hold. --only tries some of the dataflows; Ctrl-C ends it, and then, too, what it has made is removed.
It works on a sandbox of its own. With EXACT_* and CUSTOMCRM_* set the real systems are meant, and then it writes to them,
under names that begin with "Tandem QA", and removes what it has made; for that it wants --${flag}.
`;

/** Returns the exit code: 0 only if nothing failed. What a person can mend is printed. */
export async function qaCommand(args: readonly string[], world: QaWorld): Promise<number> {
  const { cwd, env, now, print } = world;
  try {
    const given = parsed(args);
    if (given.help) {
      print(help);
      return 0;
    }
    const only = typesOf(given.only);
    const config = parseConfig(env);
    if (config.mode === "real" && !given[flag])
      throw new InvalidInputError(`The real systems are configured. To make, edit and delete records there, say --${flag}.`);
    const out = resolve(cwd, given.out ?? "qa-report.html");
    mkdirSync(dirname(out), { recursive: true });
    const settings = world.settings ?? readDataflowFile(resolve(cwd, "dataflow.yml"));
    const began = now();
    const agreed = agreedTable(cwd, settings.flows, print);
    const mark = `Tandem QA ${began.toString(36)}`;
    const options = { settings, mark, ...(world.stopped ? { stopped: world.stopped } : {}) };
    const { bench, stop } = await (config.mode === "real" ? startRealBench(config, { ...options, ...world.real }) : startSandboxBench(options));
    print(`Trying the dataflows on ${bench.name} …\n`);
    let results: readonly Result[];
    let calls = 0;
    try {
      results = await runChecklist(bench, { agreed, mark, only });
    } finally {
      calls = bench.calls().all;
      await stop();
    }
    const head = { systems: bench.name, at: new Date(began).toISOString().slice(0, 19).replace("T", " "), seconds: Math.round((now() - began) / 1000) };
    writeFileSync(out, htmlReport(results, head));
    print(`${textReport(results)}The sync made ${calls} calls. The report is in ${given.out ?? "qa-report.html"}.\n`);
    return results.some(({ outcome }) => outcome === "failed") ? 1 : 0;
  } catch (error) {
    const sentence = error instanceof DocumentError ? `docs/dataflow.rst: ${error.message}` : explain(error, null);
    if (sentence === null) throw error;
    print(`${sentence}\n`);
    return 1;
  }
}

/**
 * What is tried is the document that people have agreed upon; so a mapping that was changed in the code alone is found. A
 * document that does not show this site's dataflow.yml yet is no difference: the settings are newer.
 */
function agreedTable(cwd: string, flows: readonly Dataflow[], print: (text: string) => void): readonly Dataflow[] {
  const path = resolve(cwd, "docs/dataflow.rst");
  const isSite = existsSync(resolve(cwd, "dataflow.yml"));
  if (!existsSync(path)) return isSite ? flows : dataflows;
  const stated = tableOf(parseDocument(readFileSync(path, "utf8")).document);
  if (!isSite || saysTheSame(stated, flows) || !saysTheSame(stated, dataflows)) return stated;
  print("docs/dataflow.rst does not show this site's dataflow.yml yet (npm run dataflow writes it); the table with dataflow.yml is tried.\n");
  return flows;
}

function typesOf(text: string | undefined): readonly EntityType[] {
  if (text === undefined) return entityTypes;
  return text.split(",").map((name) => {
    const type = entityTypes.find((one) => one === name.trim().toUpperCase());
    if (!type) throw new InvalidInputError(`--only takes ${entityTypes.join(", ").toLowerCase()}, with a comma between; got "${name}".`);
    return type;
  });
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { only: { type: "string" }, out: { type: "string" }, [flag]: { type: "boolean" }, help: { type: "boolean" } },
    }).values;
  } catch (error) {
    throw new InvalidInputError(`${error instanceof Error ? error.message : error}\n\n${help}`);
  }
}
