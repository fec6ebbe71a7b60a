import { parseArgs } from "node:util";
import type { SandboxOptions } from "./index.js";

/** The command line asks for something that there is not. */
export class CommandLineError extends Error {
  override readonly name = "CommandLineError";
}

export const help = `Exact Online and Customcrm as two HTTP servers on this machine, with records of some 300 firms.

  npm run sandbox -- [options]

  --exact-port <port>      Where Exact Online listens (4020); 0: any free port
  --customcrm-port <port>  Where Customcrm listens (4010); 0: any free port
  --data <folder>          Where their records are kept between starts (.data/sandbox)
  --memory                 Keep nothing: every start begins with the seed
  --fresh                  Forget what is kept and begin with the seed
  --seed <text>            Other firms and people; the same text gives the same ones. Counts at a fresh start only
  --help                   This text

Each server has a page at its root that shows its records and lets you edit them, and an API under /_control for faults,
the clock, settings and the log of calls.
`;

/** The command line as options; null: only the help is wanted. Throws a CommandLineError that says what to change. */
export function parseCommandLine(args: readonly string[]): SandboxOptions | null {
  const values = valuesOf(args);
  if (values.help) return null;
  if (values.memory && values.data !== undefined) throw new CommandLineError("--memory keeps nothing, so --data has no use beside it: leave one of them out.");
  return {
    exactPort: portOf("--exact-port", values["exact-port"] ?? "4020"),
    customcrmPort: portOf("--customcrm-port", values["customcrm-port"] ?? "4010"),
    dataDir: values.memory ? null : (values.data ?? ".data/sandbox"),
    fresh: values.fresh ?? false,
    ...(values.seed !== undefined && { seed: values.seed }),
  };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        "exact-port": { type: "string" },
        "customcrm-port": { type: "string" },
        data: { type: "string" },
        memory: { type: "boolean" },
        fresh: { type: "boolean" },
        seed: { type: "string" },
      },
    }).values;
  } catch (error) {
    // Node adds advice on how to write an argument that begins with a dash; its first sentence says what is wrong.
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new CommandLineError(`${sentence?.replace(/\.$/, "")}. See npm run sandbox -- --help.`, { cause: error });
  }
}

function portOf(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new CommandLineError(`${option} must be a port from 0 (any that is free) to 65535, not "${text}".`);
}
