import { setTimeout as sleep } from "node:timers/promises";
import { countPending, progressLine, type Summary } from "./first-screen.js";

/** What has been started, as far as its progress goes. */
export interface Progressing {
  /** Settles when the links of what both systems hold are made. */
  readonly ready: Promise<void>;
  summary(): Promise<Summary>;
}

export interface Screen {
  /** Whether a line can be written over. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A terminal's line is written over; in a log each look is a line of its own. */
const everyMsOf = (screen: Screen): number => (screen.isTTY ? 1_000 : 20_000);

/** Tells how linking goes until nothing is on its way any more, or until `signal`. */
export async function showProgress(
  app: Progressing,
  screen: Screen,
  sinceMs: () => number,
  signal: AbortSignal,
  { everyMs = everyMsOf(screen) } = {},
): Promise<void> {
  const show = liveLine(screen);
  const seconds = () => `${(sinceMs() / 1000).toFixed(1)} s`;
  let linked = false;
  const ready = app.ready.then(() => {
    linked = true;
  });

  await Promise.race([ready, pause(everyMs, signal)]);
  while (!linked && !signal.aborted) {
    show(`Linking … ${progressLine(await app.summary())}`);
    await Promise.race([ready, pause(everyMs, signal)]);
  }
  if (signal.aborted) return;
  let summary = await app.summary();
  show(`Linked after ${seconds()}. ${progressLine(summary)}`, { last: true });
  if (countPending(summary) === 0) return;

  show(`Exact takes 60 calls a minute, so what it lacks is created bit by bit: ${countPending(summary)} to go.`);
  while (countPending(summary) > 0) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    summary = await app.summary();
    if (countPending(summary) > 0) show(`${countPending(summary)} to go.`);
  }
  show(`All is written after ${seconds()}. ${progressLine(summary)}`, { last: true });
}

/** Writes a line over the one before, unless that was the last of its kind. Says nothing twice. */
function liveLine(screen: Screen): (text: string, options?: { last: boolean }) => void {
  let shown = "";
  return (text, { last } = { last: false }) => {
    if (text === shown) return;
    shown = text;
    if (!screen.isTTY) screen.write(`${text}\n`);
    else if (last) screen.write(`\r\x1b[2K${text}\n`);
    // A line that the terminal breaks in two can't be written over.
    else screen.write(`\r\x1b[2K${text.slice(0, (screen.columns ?? Number.POSITIVE_INFINITY) - 1)}`);
  };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal, ref: false }).catch(() => {});
