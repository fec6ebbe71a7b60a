// Takes the lock of its first argument, says whether it got it, and keeps it until its input ends.
import { DataInUseError, takeDataLock } from "../../../src/store/data-lock.js";

const [path = ""] = process.argv.slice(2);
process.stdout.write("asks\n");
process.stdin.once("data", () => {
  try {
    takeDataLock("the folder", path);
    process.stdout.write("got it\n");
  } catch (error) {
    if (!(error instanceof DataInUseError)) throw error;
    process.stdout.write(`refused: ${error.pid}\n`);
  }
});
