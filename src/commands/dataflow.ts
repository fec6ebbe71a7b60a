import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readDataflowFile } from "../dataflow-file.js";
import { type DocumentFormat, documentOf, documentWriters } from "../document/index.js";
import { dataflows } from "../domain/dataflow.js";
import { InvalidInputError } from "../domain/errors.js";
import type { System } from "../domain/words.js";

export interface CommandWorld {
  /** Where `dataflow.yml` is looked for, and where relative paths begin. */
  readonly cwd: string;
  readonly now: () => number;
  readonly print: (text: string) => void;
}

const help = `npm run dataflow -- [--format rst|md|html|json] [--from customcrm|exact] [--out <file> | --out -] [--check]

Writes the dataflow document of the running table, with what dataflow.yml changes, to docs/dataflow.rst.
--check writes nothing, and fails if the file says anything else; the time of generation does not count.
`;

/** Returns the exit code; what a person can mend is printed. */
export function dataflowCommand(args: readonly string[], { cwd, now, print }: CommandWorld): number {
  try {
    const { format, from, out, check, isHelp } = optionsOf(args);
    if (isHelp) {
      print(help);
      return 0;
    }
    const { flows } = readDataflowFile(resolve(cwd, "dataflow.yml"));
    const text = documentWriters[format](documentOf(flows, { from, shipped: dataflows, now: now() }));
    if (out === "-") {
      print(text);
      return 0;
    }
    return check ? compared(text, resolve(cwd, out), out, print) : written(text, resolve(cwd, out), out, print);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    print(`${error.message}\n`);
    return 1;
  }
}

interface Options {
  readonly format: DocumentFormat;
  readonly from: System;
  readonly out: string;
  readonly check: boolean;
  readonly isHelp: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const given = parsed(args);
  const { format = "rst", from = "customcrm", check = false, help: isHelp = false } = given;
  if (!isFormat(format)) throw new InvalidInputError(`--format is one of ${Object.keys(documentWriters).join(", ")}; got "${format}".`);
  if (from !== "customcrm" && from !== "exact") throw new InvalidInputError(`--from is customcrm or exact; got "${from}".`);
  const out = given.out ?? `docs/dataflow${from === "exact" ? "-from-exact" : ""}.${format}`;
  return { format, from: from === "exact" ? "EXACT" : "CUSTOMCRM", out, check, isHelp };
}

function parsed(args: readonly string[]) {
  try {
    const options = {
      format: { type: "string" },
      from: { type: "string" },
      out: { type: "string" },
      check: { type: "boolean" },
      help: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new InvalidInputError(`${error instanceof Error ? error.message : error}\n\n${help}`);
  }
}

function written(text: string, path: string, out: string, print: (text: string) => void): number {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  print(`Wrote ${out}.\n`);
  return 0;
}

function compared(text: string, path: string, out: string, print: (text: string) => void): number {
  const [there, wanted] = [withoutTime(existing(path)), withoutTime(text)];
  if (there === wanted) return 0;
  const [have, want] = [there.split("\n"), wanted.split("\n")];
  const at = want.findIndex((line, i) => line !== have[i]);
  const line = at < 0 ? want.length : at;
  print(`${out} is not what the running table says: line ${line + 1} has "${have[line] ?? ""}", not "${want[line] ?? ""}". Run: npm run dataflow\n`);
  return 1;
}

function existing(path: string): string {
  try {
    return readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

const withoutTime = (text: string): string => text.replace(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/, "");
const isFormat = (name: string): name is DocumentFormat => Object.hasOwn(documentWriters, name);
