// node scripts/build.mjs: builds what an image runs. dist/ is the compiled code, module by module; dist/bundle/main.js is the same
// with all that it depends on in a few files, as looking for two thousand modules takes longer than running them.
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [dist, bundle] = [join(root, "dist"), join(root, "dist/bundle")];

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(1);
await build({
  entryPoints: [join(dist, "main.js")],
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
// Neither brings what is no TypeScript.
for (const folder of [join(dist, "store"), bundle]) cpSync(join(root, "src/store/scripts"), join(folder, "scripts"), { recursive: true });
