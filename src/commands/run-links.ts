import { once } from "node:events";
import { explain } from "../startup-error.js";
import { linksCommand, linksHelp } from "./links.js";
import { openParts, openStore } from "./open-store.js";

/** The process of `npm run links`. Lines go to stdout, words to stderr. */
export async function runLinks(args: readonly string[]): Promise<number> {
  const say = (text: string) => void process.stderr.write(text);
  const isKnown = ["export", "import", "rebuild"].includes(args[0] ?? "");
  if (!isKnown) {
    say(linksHelp);
    return args[0] === "--help" ? 0 : 1;
  }
  try {
    const opened = await openStore(process.env, args[0] === "export" ? "shared" : "alone");
    try {
      const needsSystems = args[0] === "rebuild";
      const parts = await openParts(process.env, opened.value, needsSystems);
      try {
        const write = async (text: string) => {
          if (!process.stdout.write(text)) await once(process.stdout, "drain");
        };
        return await linksCommand(args, { parts: parts.value, write, input: process.stdin, say });
      } finally {
        await parts.stop();
      }
    } finally {
      await opened.stop();
    }
  } catch (error) {
    say(`${explain(error, null) ?? (error instanceof Error ? error.stack : String(error))}\n`);
    return 1;
  }
}
