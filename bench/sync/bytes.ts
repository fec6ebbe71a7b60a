import { createClient } from "redis";

export interface Bytes {
  /** Median over linked entities: document with its facts, reverse indexes and snapshots, without history. */
  readonly own: number;
  /** All other keys of the link map, history and queue apart, by entity. */
  readonly shared: number;
  /** Bytes an entity, by the first word of the key. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What Redis keeps for a linked pair, by its own count (MEMORY USAGE). */
export async function bytesPerPair(
  url: string,
  tenant: string,
  linked: readonly { readonly id: string; readonly refs: readonly string[] }[],
  entities: number,
): Promise<Bytes> {
  const client = await createClient(socketOf(url)).connect();
  const root = `tandem:{${tenant}}:`;
  const usage = (key: string) => client.memoryUsage(key, { SAMPLES: 0 }).then((bytes) => bytes ?? 0);
  const parts = new Map<string, number>();
  for await (const keys of client.scanIterator({ COUNT: 1000 })) {
    const sizes = await Promise.all(keys.map(usage));
    keys.forEach((key, i) => {
      const part = key.slice(root.length).split(":")[0] ?? "";
      parts.set(part, (parts.get(part) ?? 0) + (sizes[i] ?? 0));
    });
  }
  const own = await Promise.all(
    linked.map(async ({ id, refs }) => {
      const keys = [`entity:${id}`, ...refs.flatMap((ref) => [`record:${ref}`, `snapshot:${ref}`, `written:${ref}`])];
      return (await Promise.all(keys.map((key) => usage(root + key)))).reduce((sum, bytes) => sum + bytes, 0);
    }),
  );
  client.destroy();
  const shared = [...parts].filter(([part]) => indexes.includes(part)).reduce((sum, [, bytes]) => sum + bytes, 0);
  return {
    own: own.sort((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0,
    shared: shared / entities,
    parts: Object.fromEntries([...parts].sort(([, a], [, b]) => b - a).map(([part, bytes]) => [part, bytes / entities])),
  };
}

const indexes = ["by-id", "by-name", "by-modified", "names", "term", "match", "due", "alias", "aliases"];

const socketOf = (url: string) => ({ socket: { path: url.replace("unix://", ""), tls: false as const } });
