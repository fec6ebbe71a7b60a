import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isAlive, later, root, startProcess, tempFolder, until } from "./helpers.js";

/** A fresh clone with the real scripts, an npm that notes how it is called, and a PATH with nothing else on it. */
function freshClone({ npmFails = false } = {}) {
  const folder = tempFolder();
  const bin = join(folder, "bin");
  mkdirSync(bin);
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  writeFileSync(join(folder, "package-lock.json"), "{}");
  const calls = join(folder, "npm-calls");
  const npm = join(bin, "npm-cli.js");
  const install = `fs.mkdirSync("node_modules", { recursive: true }); fs.writeFileSync("node_modules/.package-lock.json", "{}");`;
  const fail = `console.error("npm error code ENOTFOUND"); process.exit(7);`;
  writeFileSync(
    npm,
    `import fs from "node:fs"; fs.appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(" ") + "\\n"); ${npmFails ? fail : install}`,
  );

  return {
    folder,
    bin,
    npmCalls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
    run: (script: string, env: { readonly [name: string]: string } = {}, args: readonly string[] = []) =>
      startProcess([join(folder, "scripts", script), ...args], { PATH: bin, npm_execpath: npm, CI: "", TEST_REDIS_URL: "", ...env }, { cwd: folder }).ended,
  };
}

function addProgram(bin: string, name: string): string {
  const path = join(bin, name);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

const npmCi = "ci --include=dev --no-audit --no-fund --loglevel=error";

describe("the set-up installs the dependencies", () => {
  it("once, by the lock file, and says so", async () => {
    const clone = freshClone();
    expect((await clone.run("setup.mjs")).stdout).toMatch(/^Installing dependencies with npm ci \(once\) … \d+\.\d s\n/);
    expect(await clone.run("setup.mjs")).toMatchObject({ code: 0, stdout: expect.not.stringContaining("Installing") });
    expect(clone.npmCalls()).toEqual([npmCi]);
  });

  it("again when the lock file is newer than what is installed", async () => {
    const clone = freshClone();
    await clone.run("setup.mjs");
    const soon = Date.now() / 1000 + 60;
    utimesSync(join(clone.folder, "package-lock.json"), soon, soon);
    await clone.run("setup.mjs");
    expect(clone.npmCalls()).toEqual([npmCi, npmCi]);
  });

  it("or ends with what npm said", async () => {
    const { code, stderr } = await freshClone({ npmFails: true }).run("setup.mjs");
    expect(code).toBe(1);
    expect(stderr).toBe("npm ci failed (exit code 7). It said:\nnpm error code ENOTFOUND\n");
  });
});

describe("the set-up finds a Redis", () => {
  it("that runs already, by REDIS_URL", async () => {
    expect((await freshClone().run("setup.mjs", { REDIS_URL: "redis://127.0.0.1:1" })).stdout).toContain("dependencies, REDIS_URL.");
  });

  it.each(["redis-server", "valkey-server"])("as %s on the PATH", async (name) => {
    const clone = freshClone();
    const program = addProgram(clone.bin, name);
    expect((await clone.run("setup.mjs")).stdout).toContain(`dependencies, ${program}.`);
  });

  it("where REDIS_SERVER_BIN says, before the PATH", async () => {
    const clone = freshClone();
    addProgram(clone.bin, "redis-server");
    const mine = addProgram(clone.folder, "my-redis");
    expect((await clone.run("setup.mjs", { REDIS_SERVER_BIN: mine })).stdout).toContain(`dependencies, ${mine}.`);
  });

  it("nowhere, and says that the store will be kept in memory", async () => {
    expect((await freshClone().run("setup.mjs")).stdout).toContain("no Redis (the store will be kept in memory)");
  });

  it("or refuses a REDIS_SERVER_BIN that is no program", async () => {
    const { code, stderr } = await freshClone().run("setup.mjs", { REDIS_SERVER_BIN: "/no/such/server" });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "REDIS_SERVER_BIN names /no/such/server, which is not a program that can be run: correct it or leave it out.\n",
    });
  });
});

it("fails under CI when there is no Redis to run the tests on", async () => {
  const { code, stderr } = await freshClone().run("test.mjs", { CI: "true" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^No Redis server found, and with CI=true no suite may be skipped\./);
});

describe("the tests' set-up finds docutils", () => {
  /** A clone with a Redis, whose vitest says what it was given, and pythons that have docutils or not. */
  function cloneForTests() {
    const clone = freshClone();
    const vitest = join(clone.folder, "node_modules", "vitest");
    mkdirSync(vitest, { recursive: true });
    writeFileSync(join(vitest, "vitest.mjs"), `process.stdout.write("vitest has " + (process.env.DOCUTILS_PYTHON || "none") + "\\n");`);
    const addPython = (folder: string, exitCode: number) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "python3"), `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
      return join(folder, "python3");
    };
    const run = (env: { readonly [name: string]: string } = {}) =>
      clone.run("test.mjs", { TEST_REDIS_URL: "redis://127.0.0.1:1", DOCUTILS_PYTHON: "", ...env });
    return { ...clone, addPython, run };
  }

  it("with whichever Python has it", async () => {
    const clone = cloneForTests();
    clone.addPython(clone.bin, 1);
    const debians = clone.addPython(join(clone.folder, "usr-bin"), 0);
    const { code, stdout } = await clone.run({ CI: "true", PATH: `${clone.bin}:${join(clone.folder, "usr-bin")}` });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`vitest has ${debians}\n`)]);
  });

  it("nowhere, and says by what the document is read instead", async () => {
    const { stdout } = await cloneForTests().run();
    expect(stdout).toContain("No docutils found: the dataflow document is read by our own strict reader alone. Install python3-docutils.\nvitest has none\n");
  });

  it("or fails under CI", async () => {
    const { code, stderr } = await cloneForTests().run({ CI: "true" });
    expect([code, stderr]).toEqual([1, "No docutils found, and with CI=true no suite may be skipped. Install python3-docutils.\n"]);
  });
});

it("never takes REDIS_URL for the tests, which flush what they get", async () => {
  const { stderr } = await freshClone().run("test.mjs", { CI: "true", REDIS_URL: "redis://127.0.0.1:1" });
  expect(stderr).toMatch(/^No Redis server found/);
});

describe("npm run check", () => {
  it("fails, with a line for each check and all that it said, when any of them fails", async () => {
    // Nothing is installed here, so that no tool is found.
    const { code, stdout, stderr } = await freshClone().run("check.mjs");
    expect(code).toBe(1);
    expect(stdout.match(/^FAILED +\d+\.\d s {2}.+$/gm)).toHaveLength(7);
    expect(stdout).toContain("Cannot find module");
    expect(stderr).toMatch(/^7 of 7 checks failed after \d+\.\d s: /);
  });

  it("knows its checks by name", async () => {
    const clone = freshClone();
    expect((await clone.run("check.mjs", {}, ["types", "dead"])).stderr).toMatch(/^2 of 2 checks failed after .*: (types, dead|dead, types)\.\n$/);
    expect((await clone.run("check.mjs", {}, ["spelling"])).stderr).toBe(
      "There is no check spelling; there are types, lint, imports, dead, schema, dataflow, codegen.\n",
    );
  });
});

it.runIf(existsSync("/proc/self/stat"))("ends when the npm that runs it is killed, though npm's shell lives on", async () => {
  const npm = spawn("sh", ["-c", `sh -c "${process.execPath} test/setup/processes/guarded.mjs; true"; true`], {
    cwd: root,
    env: { ...process.env, npm_lifecycle_event: "start" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  later(() => npm.kill("SIGKILL"));
  let said = "";
  npm.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("runs as"), "it runs");
  const pid = Number(/runs as (\d+)/.exec(said)?.[1]);
  later(() => isAlive(pid) && process.kill(pid, "SIGKILL"));
  npm.kill("SIGKILL");
  await once(npm, "exit");
  await until(() => said.includes("asked to end"), "it is asked to end");
});
