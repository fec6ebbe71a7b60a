import { startCustomcrmSandbox } from "../../../src/sandbox/customcrm/index.js";
import { startExactSandbox } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { makeSeed } from "../../../src/sandbox/seed/index.js";
import { serve } from "../rpc.js";

/** Both systems, without limits and without webhooks: what arrives, arrives by a poll. */
async function start({ seed, customers }: { readonly seed: string; readonly customers: number }) {
  const clock = new VirtualClock();
  const { customcrm: ofCustomcrm, exact: ofExact } = makeSeed(seed, customers);
  const customcrm = await startCustomcrmSandbox({ clock, seed, initial: ofCustomcrm, settings: { webhooks: { loss: 1 } } });
  const exact = await startExactSandbox({
    clock,
    seed,
    initial: ofExact,
    settings: { minuteLimit: null, dayLimit: null, fairUseLimit: null, webhookDelayMs: 24 * 3_600_000 },
  });
  return { customcrm, exact };
}

let systems: Awaited<ReturnType<typeof start>> | null = null;
const running = () => {
  if (!systems) throw new Error("The systems do not run.");
  return systems;
};

export type SystemName = "CUSTOMCRM" | "EXACT";
export interface Edit {
  readonly system: SystemName;
  readonly type: "Customer" | "Contact" | "Accounts" | "Contacts";
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
}

const work = {
  start: async (options: Parameters<typeof start>[0]) => {
    systems = await start(options);
    return { exact: systems.exact.origin, customcrm: systems.customcrm.origin };
  },
  /** Consent, without anybody who clicks. */
  issueCode: (redirectUri: string) => running().exact.issueCode(redirectUri),
  counts: () => ({ CUSTOMCRM: running().customcrm.calls.counts(), EXACT: running().exact.calls.counts() }),
  resetCounts: () => {
    running().customcrm.calls.reset();
    running().exact.calls.reset();
  },
  /** What a person of that system sees, by type and id. */
  records: () => {
    const { customcrm, exact } = running();
    const ofCustomcrm = (["Customer", "Contact", "Product"] as const).map(
      (type) => [type, Object.fromEntries(customcrm.core.all(type).map(({ id, values }) => [id, values]))] as const,
    );
    const ofExact = (["Accounts", "Contacts"] as const).map(
      (type) => [type, Object.fromEntries([...exact.core.table(type).all()].map(({ id }) => [id, exact.core.table(type).get(id)]))] as const,
    );
    return { CUSTOMCRM: Object.fromEntries(ofCustomcrm), EXACT: Object.fromEntries(ofExact) };
  },
  edit: (edits: readonly Edit[]) => {
    const { customcrm, exact } = running();
    for (const { type, id, values } of edits) {
      if (type === "Accounts" || type === "Contacts") exact.core.edit(type, id, values);
      else customcrm.core.patch(type, id, values);
    }
  },
};
export type Systems = typeof work;
serve(work);
