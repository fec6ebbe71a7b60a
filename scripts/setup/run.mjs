import { spawn } from "node:child_process";

/** Runs a program to its end and returns all that it printed, in order. Never throws: a program that can't be started has code 127. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Hands the terminal to a child that runs in the same process group, and returns its exit code. Ctrl-C reaches the child by
 * itself; a signal sent to this process alone is passed on. Either way this process lives on to clear up after it.
 */
export function runInTerminal(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" });
    const ignore = () => {};
    const passOn = (signal) => child.kill(signal);
    process.on("SIGINT", ignore);
    process.on("SIGTERM", passOn);
    process.on("SIGHUP", passOn);
    const end = (settle, value) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", passOn);
      process.off("SIGHUP", passOn);
      settle(value);
    };
    child.on("error", (error) => end(reject, error));
    child.on("exit", (code) => end(resolve, code ?? 1));
  });
}
