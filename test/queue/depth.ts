import type { Depth, Queue } from "../../src/queue/queue.js";

/** How much there is in a queue, of all kinds together. */
export async function depthOf(queue: Queue): Promise<Depth> {
  const all = Object.values(await queue.depth());
  const sum = (of: "waiting" | "active" | "delayed") => all.reduce((total, depth) => total + depth[of], 0);
  const oldest = all.flatMap(({ oldestMs }) => oldestMs ?? []);
  return { waiting: sum("waiting"), active: sum("active"), delayed: sum("delayed"), oldestMs: oldest.length === 0 ? null : Math.max(...oldest) };
}
