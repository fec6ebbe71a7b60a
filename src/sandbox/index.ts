import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CustomcrmSandbox, type SettingsPatch, startCustomcrmSandbox } from "./customcrm/index.js";
import { type ExactSandbox, type ExactSettings, startExactSandbox } from "./exact/index.js";
import { VirtualClock } from "./kit/index.js";
import { type GroundTruth, makeSeed } from "./seed/index.js";

export interface SandboxOptions {
  /** 0, the default: any free port. */
  readonly exactPort?: number;
  readonly customcrmPort?: number;
  /** Where both keep their records between starts; null, the default: nowhere. */
  readonly dataDir?: string | null;
  /** Forgets what is kept, and begins with the seed. */
  readonly fresh?: boolean;
  /** Which firms and people to begin with; what is kept already goes on with its own. */
  readonly seed?: string;
  /** One time for both. */
  readonly clock?: VirtualClock;
  readonly exactSettings?: Partial<ExactSettings>;
  readonly customcrmSettings?: SettingsPatch;
}

export interface Sandboxes {
  readonly exact: ExactSandbox;
  readonly customcrm: CustomcrmSandbox;
  /** What is true of the records that both began with. */
  readonly truth: GroundTruth;
  stop(): Promise<void>;
}

/** Starts Exact Online and Customcrm on loopback, with one seed and one clock. If either can't start, neither runs. */
export async function startSandboxes(options: SandboxOptions = {}): Promise<Sandboxes> {
  const { dataDir = null, clock = new VirtualClock() } = options;
  const seed = await seedOf(dataDir, options);
  const { customcrm: customcrmSeed, exact: exactSeed, truth } = makeSeed(seed);
  const fileOf = (system: string) => (dataDir === null ? null : join(dataDir, `${system}.json`));

  const customcrm = await startCustomcrmSandbox({
    port: options.customcrmPort ?? 0,
    clock,
    seed,
    dataFile: fileOf("customcrm"),
    initial: customcrmSeed,
    settings: options.customcrmSettings ?? {},
  });
  try {
    const exact = await startExactSandbox({
      port: options.exactPort ?? 0,
      clock,
      seed,
      dataFile: fileOf("exact"),
      initial: exactSeed,
      settings: options.exactSettings ?? {},
    });
    return {
      exact,
      customcrm,
      truth,
      stop: async () => {
        await Promise.all([exact.stop(), customcrm.stop()]);
      },
    };
  } catch (error) {
    await customcrm.stop();
    throw error;
  }
}

/** The seed of what is kept, so that the truth told is that of the records; else the one asked for, which is noted down. */
async function seedOf(dataDir: string | null, { fresh = false, seed = "tandem" }: SandboxOptions): Promise<string> {
  if (dataDir === null) return seed;
  const note = join(dataDir, "seed.json");
  if (fresh) await Promise.all(["customcrm.json", "exact.json", "seed.json"].map((name) => rm(join(dataDir, name), { force: true })));
  const kept = await readFile(note, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (kept !== null) return seedIn(kept, note);
  await mkdir(dataDir, { recursive: true });
  await writeFile(note, JSON.stringify({ seed }));
  return seed;
}

function seedIn(text: string, path: string): string {
  const found = /^\{"seed":".*"\}$/.test(text.trim()) ? (JSON.parse(text) as { seed: string }).seed : null;
  if (found === null) throw new Error(`${path} does not name a seed. Remove the folder, or start with --fresh.`);
  return found;
}
