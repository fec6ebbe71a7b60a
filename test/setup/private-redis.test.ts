import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { DataInUseError } from "../../src/store/data-lock.js";
import { type PrivateRedisOptions, startPrivateRedis } from "../../src/store/private-redis.js";
import { probeRedis } from "../../src/store/redis-probe.js";
import { PrivateRedisError } from "../../src/store/redis-server.js";
import { socketPath } from "../../src/store/socket-path.js";
import { hasRedis, hasSetpriv, isAlive, later, redisBinary, startProcess, tempFolder, until } from "./helpers.js";

async function start(dataDir: string, options: Partial<PrivateRedisOptions> = {}) {
  const redis = await startPrivateRedis({ dataDir, binary: redisBinary, ...options });
  later(() => redis.stop());
  return redis;
}

async function ask(url: string, ...command: string[]): Promise<string> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const answer = await client.sendCommand(command);
  client.destroy();
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}

const serverPid = async (url: string) => Number(/process_id:(\d+)/.exec(await ask(url, "INFO", "server"))?.[1]);
const answers = (url: string) =>
  probeRedis(url, 1_000).then(
    () => true,
    () => false,
  );
const holder = (dataDir: string) => startProcess(["--import", "tsx", "test/setup/processes/hold-redis.ts", dataDir, redisBinary]);

describe.runIf(hasRedis)("a private Redis", () => {
  it("listens on a socket in its data folder and nowhere else, and is gone after its stop", async () => {
    const dataDir = join(tempFolder(), "redis");
    const redis = await start(dataDir);
    expect(redis.url).toBe(`unix://${dataDir}/redis.sock`);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(await ask(redis.url, "CONFIG", "GET", "port")).toBe('{"port":"0"}');

    const pid = await serverPid(redis.url);
    await redis.stop();
    await redis.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(dataDir, "redis.sock"))).toBe(false);
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });

  it("has every write on disk before it acknowledges it", async () => {
    const redis = await start(tempFolder());
    expect(await ask(redis.url, "CONFIG", "GET", "appendonly")).toBe('{"appendonly":"yes"}');
    expect(await ask(redis.url, "CONFIG", "GET", "appendfsync")).toBe('{"appendfsync":"always"}');
  });

  it("has its data again at the next start", async () => {
    const dataDir = tempFolder();
    const first = await start(dataDir);
    await ask(first.url, "SET", "link", "kept");
    await first.stop();
    const second = await start(dataDir);
    expect(await ask(second.url, "GET", "link")).toBe("kept");
  });

  it("writes nothing to disk when it is for tests", async () => {
    const dataDir = tempFolder();
    const redis = await start(dataDir, { durable: false });
    await ask(redis.url, "SET", "link", "gone");
    await redis.stop();
    expect(await ask((await start(dataDir, { durable: false })).url, "EXISTS", "link")).toBe("0");
  });

  it("listens in a short folder of its own when the path of the data is too long for a socket", async () => {
    const dataDir = join(tempFolder(), "a".repeat(60), "b".repeat(60), "c?d e");
    const redis = await start(dataDir);
    const socket = fileURLToPath(redis.url.replace("unix:", "file:"));
    expect(Buffer.byteLength(socket)).toBeLessThan(104);
    expect(dirname(dirname(socket))).toBe(tmpdir());
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(await answers(redis.url)).toBe(true);
    await redis.stop();
    expect(existsSync(dirname(socket))).toBe(false);
  });

  it("does not listen in a folder that others may write to", async () => {
    const dataDir = join(tempFolder(), "a".repeat(120));
    const { folder } = socketPath(dataDir, tmpdir());
    mkdirSync(folder, { mode: 0o755 });
    later(() => rmSync(folder, { recursive: true, force: true }));
    await expect(start(dataDir)).rejects.toThrow(/is open to others/);
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });

  it("finds a folder by each of its names: blanks and signs in it do no harm", async () => {
    const redis = await start(join(tempFolder(), "my data #1 100%"));
    expect(await answers(redis.url)).toBe(true);
  });

  it("is refused on data that another process has a server on, in one sentence that says what to do", async () => {
    const dataDir = tempFolder();
    const other = holder(dataDir);
    await other.says("holds");
    const refusal = start(dataDir);
    await expect(refusal).rejects.toThrow(DataInUseError);
    await expect(refusal).rejects.toThrow(`in use by process ${other.child.pid}: stop that one first`);
    expect(await answers(`unix://${dataDir}/redis.sock`)).toBe(true);
  });

  it.runIf(hasSetpriv)("ends when its process is killed, and the next start takes over lock and data", async () => {
    const dataDir = tempFolder();
    const other = holder(dataDir);
    await other.says("holds");
    const url = `unix://${dataDir}/redis.sock`;
    await ask(url, "SET", "link", "kept");
    other.child.kill("SIGKILL");
    await until(async () => !(await answers(url)), "the server ends with its process");

    const next = await start(dataDir);
    expect(await ask(next.url, "GET", "link")).toBe("kept");
  });

  it("ends a server that outlived its process before it starts its own on the same data", async () => {
    const dataDir = tempFolder();
    const socket = join(dataDir, "redis.sock");
    const orphan = spawn(redisBinary, ["--port", "0", "--unixsocket", socket, "--dir", dataDir, "--appendonly", "yes", "--save", ""], { stdio: "ignore" });
    later(() => orphan.kill("SIGKILL"));
    await until(() => answers(`unix://${socket}`), "the orphan answers");
    await ask(`unix://${socket}`, "SET", "link", "kept");

    const ended = once(orphan, "exit");
    const redis = await start(dataDir);
    await ended;
    expect(await serverPid(redis.url)).not.toBe(orphan.pid);
    expect(await ask(redis.url, "GET", "link")).toBe("kept");
  });

  it("is started again when it ends by itself, with all that was acknowledged", async () => {
    const lost: string[] = [];
    const redis = await start(tempFolder(), { onLost: (message) => lost.push(message) });
    await ask(redis.url, "SET", "link", "kept");
    const pid = await serverPid(redis.url);
    process.kill(pid, "SIGKILL");
    await until(async () => (await answers(redis.url)) && (await serverPid(redis.url)) !== pid, "another server answers");
    expect(await ask(redis.url, "GET", "link")).toBe("kept");
    expect(lost).toEqual([expect.stringContaining("ended by itself (SIGKILL)")]);
  });

  it("says what the server said when it does not come up", async () => {
    const dataDir = tempFolder();
    mkdirSync(join(dataDir, "redis.sock"));
    await expect(start(dataDir)).rejects.toThrow(/ended at once \(exit code 1\)\. It said: .*[Uu]nix socket/);
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });
});

it("says so when there is no such program", async () => {
  const failure = startPrivateRedis({ dataDir: tempFolder(), binary: "/no/such/redis-server" });
  await expect(failure).rejects.toThrow(PrivateRedisError);
});

it.each([
  ["/srv/tandem/.data/redis", "/srv/tandem/.data/redis/redis.sock"],
  [`/${"x".repeat(91)}`, `/${"x".repeat(91)}/redis.sock`],
  [`/${"x".repeat(92)}`, expect.stringMatching(/^\/tmp\/tandem-[0-9a-f]{16}\/redis\.sock$/)],
  // 46 letters, but 92 bytes.
  [`/${"é".repeat(46)}`, expect.stringMatching(/^\/tmp\/tandem-/)],
])("puts the socket of %s where its path stays under the limit", (dataDir, expected) => {
  expect(socketPath(dataDir, "/tmp").path).toEqual(expected);
});

it("gives two data folders two sockets", () => {
  const [one, other] = [`/${"x".repeat(100)}1`, `/${"x".repeat(100)}2`].map((dataDir) => socketPath(dataDir, "/tmp").path);
  expect(one).not.toBe(other);
});
