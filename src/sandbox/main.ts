import { CommandLineError, help, parseCommandLine } from "./command-line.js";
import { firstScreen } from "./first-screen.js";
import { type Sandboxes, type SandboxOptions, startSandboxes } from "./index.js";

/** `npm run sandbox`: both systems alone, until somebody asks for the end. */
const stopping = new AbortController();
const asked = new Promise<void>((resolve) => stopping.signal.addEventListener("abort", () => resolve()));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => (stopping.signal.aborted ? process.exit(130) : stopping.abort()));

try {
  const options = parseCommandLine(process.argv.slice(2));
  if (options) await run(options);
  else process.stdout.write(help);
} catch (error) {
  const sentence = explain(error);
  process.stderr.write(`${sentence ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exitCode = 1;
} finally {
  // Waiting for a signal keeps no process alive, but listening for one must not either.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
}

async function run(options: SandboxOptions): Promise<void> {
  const sandboxes = await startSandboxes(options);
  try {
    process.stdout.write(firstScreen(sandboxes, options, await exactToken(sandboxes)));
    await asked;
    process.stdout.write("\nStopping …\n");
  } finally {
    await sandboxes.stop();
  }
}

/** A token to try Exact with at once, as an app gets one after consent. */
async function exactToken({ exact }: Sandboxes): Promise<string | null> {
  const redirectUri = `${exact.origin}/`;
  const form = {
    grant_type: "authorization_code",
    client_id: exact.settings.clientId,
    client_secret: exact.settings.clientSecret,
    redirect_uri: redirectUri,
    code: exact.issueCode(redirectUri),
  };
  const answer = await fetch(`${exact.origin}/api/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  return token ?? null;
}

/** What a person can mend, as the sentence to show; null for a fault of our own. */
function explain(error: unknown): string | null {
  if (error instanceof CommandLineError) return error.message;
  if (!(error instanceof Error)) return null;
  const { code, port, path } = error as { code?: string; port?: number; path?: string };
  if (code === "EADDRINUSE") return `Port ${port} is taken: stop what listens there, or choose another with --customcrm-port or --exact-port.`;
  if (code === "EACCES" && port !== undefined) return `Port ${port} is not open to this user: choose one from 1024 on with --customcrm-port or --exact-port.`;
  if (code === "EACCES" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST")
    return `${path} can't be written: choose another folder with --data, or keep nothing with --memory.`;
  return /Remove (it|the folder)/.test(error.message) ? error.message : null;
}
