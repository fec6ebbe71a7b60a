import { readFileSync } from "node:fs";

const everyMs = 500;

/**
 * Ends this process, in order, when the npm that runs it ends. npm passes a SIGTERM on to the shell that it started us with, and the
 * shell dies of it without a word to us; a killed npm says nothing to anybody.
 */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = guardians();
  const timer = setInterval(() => {
    if (guardians() === before) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, everyMs);
  timer.unref();
}

/** Our parent; if that is npm's shell, also the shell's parent, which is npm. */
function guardians() {
  const parent = process.ppid;
  const [name, grandparent] = commandAndParent(parent);
  return /^(ba|da|a)?sh$/.test(name) ? `${parent} ${grandparent}` : `${parent}`;
}

/** From proc(5); where there is none, a process has neither. */
function commandAndParent(pid) {
  try {
    const [, name, , parent] = /\((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return [name, parent];
  } catch {
    return ["", ""];
  }
}
