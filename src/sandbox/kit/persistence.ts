import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * A sandbox's whole state in one JSON file. It is written beside the file and renamed, so that a crash leaves the state of
 * before or of after, never half of one. Without a path the state lives in memory only.
 */
export class StateFile {
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private lastWriteMs = 0;

  constructor(
    private readonly path: string | null,
    private readonly state: () => unknown,
    private readonly delayMs = 250,
  ) {}

  /** What was kept; null if nothing was. */
  static async read(path: string | null): Promise<unknown> {
    if (path === null) return null;
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (text === null) return null;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error(`${path} does not hold a sandbox's state. Remove it to start anew.`, { cause });
    }
  }

  /** The state is other than what is kept: it will be written soon, together with the changes that follow at once. */
  changed(): void {
    if (this.path === null || this.timer) return;
    // A large state is written less often, so that the sandbox stays quick.
    const delayMs = Math.max(this.delayMs, this.lastWriteMs * 20);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.write().catch((error) => process.emitWarning(`${this.path} could not be written: ${error}`));
    }, delayMs).unref();
  }

  /** Resolves when every change up to now is on disk. */
  async flush(): Promise<void> {
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
      await this.write();
    } else await this.writing;
  }

  private write(): Promise<void> {
    const path = this.path;
    if (path === null) return Promise.resolve();
    const write = this.writing
      .catch(() => {})
      .then(async () => {
        await mkdir(dirname(path), { recursive: true });
        const beside = `${path}.${process.pid}.new`;
        const begun = performance.now();
        await writeFile(beside, JSON.stringify(this.state()));
        this.lastWriteMs = performance.now() - begun;
        await rename(beside, path);
      });
    this.writing = write;
    return write;
  }
}
