import { once } from "node:events";
import { readDataflowFile } from "../dataflow-file.js";
import { explain } from "../startup-error.js";
import { forgetCommand } from "./forget.js";
import { linksCommand, linksHelp } from "./links.js";
import { openParts, openStore } from "./open-store.js";

/** Words for a person go to stderr: stdout belongs to the lines. */
const say = (text: string): void => void process.stderr.write(text);

/** The process of `npm run links`; gives the exit code. */
export async function runLinks(args: readonly string[]): Promise<number> {
  const [command] = args;
  if (!command || !["export", "import", "rebuild", "retarget"].includes(command)) {
    say(linksHelp);
    return command === "--help" ? 0 : 1;
  }
  return explained(async () => {
    const opened = await openStore(process.env, command === "export" ? "shared" : "alone");
    const write = async (text: string) => {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    };
    try {
      const { store } = opened.value;
      const { flows } = readDataflowFile();
      return await linksCommand(args, {
        store,
        flows,
        openParts: () => openParts(process.env, opened.value),
        write,
        input: process.stdin,
        clock: Date.now,
        say,
      });
    } finally {
      await opened.stop();
    }
  });
}

/** The process of `npm run forget`; gives the exit code. */
export async function runForget(args: readonly string[]): Promise<number> {
  return explained(async () => {
    const opened = await openStore(process.env, "shared");
    try {
      return await forgetCommand(args, opened.value.store, say);
    } finally {
      await opened.stop();
    }
  });
}

async function explained(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    say(`${explain(error, null) ?? (error instanceof Error ? error.stack : String(error))}\n`);
    return 1;
  }
}
