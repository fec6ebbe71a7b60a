import { brokenWith, findSeeds, firstBreak, pinned, pinText } from "../pinned.js";

/** What the parent sends: which of the safeguards, counted round. */
interface Share {
  readonly share: number;
  readonly of: number;
}

/** Looks whether each safeguard of its share is still missed in a pinned world; if not, finds worlds to pin in their place. */
process.on("message", async ({ share, of }: Share) => {
  for (const pin of pinned.filter((_, at) => at % of === share)) {
    const seed = await firstBreak(pin);
    const isPinned = seed !== null && (await brokenWith(pin, seed)).length === 0;
    const seeds = isPinned ? [] : await findSeeds(pin);
    const text = isPinned
      ? `${pin.name}: ${pin.breaks} breaks without it in without-${seed}.`
      : seeds.length === 0
        ? `${pin.name}: no world was found that ${pin.breaks} breaks in without it.`
        : `${pin.name}: its worlds have changed. To pin in test/worlds/pinned.ts:\n  ${pinText({ ...pin, seeds })}`;
    process.send?.({ text, isPinned });
  }
  process.disconnect();
});
