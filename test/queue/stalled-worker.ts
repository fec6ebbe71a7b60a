import { BullmqQueue } from "../../src/queue/bullmq.js";

/** A process that takes a job and never ends it: `stalled-worker.ts <url> <tenant> <ms until stalled>`. It is to be killed. */
const [url = "", tenant = "", stalledAfterMs = "0"] = process.argv.slice(2);
const queue = await BullmqQueue.connect({ url, tenant, stalledAfterMs: Number(stalledAfterMs) });
queue.work(() => {
  process.stdout.write("taken\n");
  return new Promise(() => {});
}, 1);
