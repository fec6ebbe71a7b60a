import "reflect-metadata";
import { startWorld } from "../test/e2e/world.js";
const t0 = performance.now();
const w = await startWorld();
console.log("started", Math.round(performance.now() - t0));
await w.app.ready;
console.log("ready", Math.round(performance.now() - t0));
for (let i=0;i<12;i++){ const s = await w.app.summary(); console.log(Math.round(performance.now() - t0), JSON.stringify(s.counts), await w.app.store.feeds.countDirty(), w.sandboxes.exact.calls.count()); await new Promise(r=>setTimeout(r,1000)); }
console.log(w.sandboxes.exact.calls.counts(), w.sandboxes.customcrm.calls.counts());
const t1=performance.now(); await w.stop(); console.log("stop", performance.now()-t1);
process.exit(0);
