// A process that ends with its npm, and says so.
import { endWithNpm } from "../../../scripts/setup/parent.mjs";

endWithNpm();
process.on("SIGTERM", () => {
  process.stdout.write("asked to end\n");
  process.exit();
});
setInterval(() => {}, 60_000);
process.stdout.write(`runs as ${process.pid}\n`);
