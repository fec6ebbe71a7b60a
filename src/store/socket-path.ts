import { createHash } from "node:crypto";
import { join } from "node:path";

/** sun_path has 108 bytes on Linux and 104 on macOS, with the closing zero. */
const maxBytes = 103;

/** Where the private Redis of a data folder listens: in the folder, or in one with a short name of its own if that is too long. */
export function socketPath(dataDir: string, tempDir: string): { readonly path: string; readonly folder: string } {
  const inside = join(dataDir, "redis.sock");
  if (Buffer.byteLength(inside) <= maxBytes) return { path: inside, folder: dataDir };
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const folder = join(tempDir, `tandem-${hash}`);
  return { path: join(folder, "redis.sock"), folder };
}
