import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Bundled {
  readonly entry: string;
  remove(): void;
}

/** A process of this repository bundled as the image is: one that is started again and again begins in half the time. */
export function bundled(entry: string): Bundled {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, "tandem-chaos-"));
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), entry, out], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${entry} can't be bundled: ${stderr}`);
  return { entry: join(out, basename(entry).replace(/\.ts$/, ".js")), remove: () => rmSync(out, { recursive: true, force: true }) };
}
