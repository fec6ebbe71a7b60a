import { runWorld } from "./world.js";
const from = Number(process.argv[2] ?? 1), count = Number(process.argv[3] ?? 1), show = process.argv[4];
const faults = Number(process.env.FAULTS ?? 1);
const t0 = performance.now(); let bad = 0; const sum: any = {}; const kinds = new Map<string, string[]>();
for (let i = from; i < from + count; i++) {
  const r = await runWorld({ seed: `w${i}`, operations: Number(process.env.OPS ?? 40), faults });
  for (const [k, v] of Object.entries(r.figures)) sum[k] = (sum[k] ?? 0) + v;
  if (r.violations.length) { bad++; for (const v of r.violations) { const key = v.replace(/[0-9a-f]{8}-[0-9a-f-]+/g,"G").replace(/(acc|con|prd)_[0-9a-f]+/g,"$1").replace(/(cus|con|pro)_[0-9A-Z]{12}/g,"$1").replace(/q\d+z/g,"Q").replace(/\d+/g,"N").slice(0,150); kinds.set(key,[...(kinds.get(key)??[]),`w${i}`]); } }
  if (show === "trace") { console.log(r.trace.join("\n")); console.log(r.violations.join("\n"), r.digest, r.figures); }
  if (show === "v" && r.violations.length) console.log(`w${i}`, r.violations.slice(0,4).join("\n   "));
}
console.log(count, "worlds", bad, "bad", ((performance.now()-t0)/count).toFixed(1), "ms each", JSON.stringify(sum));
for (const [k, s] of [...kinds].sort((a,b)=>b[1].length-a[1].length).slice(0,40)) console.log(s.length, k, [...new Set(s)].slice(0,5).join(" "));
