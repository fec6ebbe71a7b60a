import { endWithNpm } from "./parent.mjs";

/** What a person can mend: shown as its message alone, without a stack. */
export class SetUpError extends Error {
  name = "SetUpError";
}

/** Runs a script's body; what a person can mend ends it with one sentence and exit code 1. */
export async function script(body) {
  endWithNpm();
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
