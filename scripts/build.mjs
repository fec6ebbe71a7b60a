// node scripts/build.mjs: builds what an image runs. dist/ is the compiled code, module by module; dist/bundle/main.js is the same
// with all that it depends on in a few files, as looking for two thousand modules takes longer than running them.
// node scripts/build.mjs <entry> <folder>: only that second step, for another process than the gateway's (chaos starts hundreds).
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const [entry = join(dist, "main.js"), bundle = join(dist, "bundle")] = process.argv.slice(2);

if (entry.startsWith(dist)) {
  rmSync(dist, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
  // The compiler does not bring what is no TypeScript, and neither does the bundler.
  bringScripts(join(dist, "store"));
}
await build({
  entryPoints: [entry],
  outdir: bundle,
  bundle: true,
  // What is imported later than at the start stays a file of its own.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // GraphQL must be there once: some dependencies require it, others import it.
  mainFields: ["main"],
  // An optional peer that nobody has.
  external: ["class-validator"],
  // Types of GraphQL and errors go by the names of classes.
  keepNames: true,
  // Stacks lead to the source by way of the compiler's own maps; what is in the files is left out.
  sourcemap: true,
  sourcesContent: false,
  // CommonJS modules among the dependencies expect these.
  banner: {
    js: [
      'import { createRequire as bundledRequire } from "node:module";',
      'import { dirname as bundledDirname } from "node:path";',
      'import { fileURLToPath as bundledPath } from "node:url";',
      "const require = bundledRequire(import.meta.url);",
      "const __filename = bundledPath(import.meta.url);",
      "const __dirname = bundledDirname(__filename);",
    ].join(""),
  },
  logLevel: "warning",
});
bringScripts(bundle);

function bringScripts(folder) {
  cpSync(join(root, "src/store/scripts"), join(folder, "scripts"), { recursive: true });
}
