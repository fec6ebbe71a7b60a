import { spanned, traceparent } from "../spans.js";
import type { Queue } from "./queue.js";

/** A queue whose jobs go on with the trace of whoever added them, in whichever process. Of jobs that are one, the first one's counts. */
export function traced(queue: Queue): Queue {
  return {
    add: (job, options) =>
      spanned({ name: `add ${job.kind}`, kind: "producer", attributes: { "tandem.job": job.kind } }, () => {
        const trace = traceparent();
        return queue.add(trace === undefined ? job : { ...job, trace }, options);
      }),
    repeat: (job, key, everyMs) => queue.repeat(job, key, everyMs),
    work: (handler, concurrency) =>
      queue.work(
        (job, signal) =>
          spanned({ name: `work ${job.kind}`, kind: "consumer", attributes: { "tandem.job": job.kind }, parent: job.trace }, () => handler(job, signal)),
        concurrency,
      ),
    depth: () => queue.depth(),
    stop: (graceMs) => queue.stop(graceMs),
  };
}
