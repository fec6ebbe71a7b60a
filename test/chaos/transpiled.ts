import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["src", "test/chaos"];

interface Transpiled {
  /** Where the JavaScript of a TypeScript file of this repository is. */
  fileOf(path: string): string;
  remove(): void;
}

/** The product and the chaos as JavaScript: processes that are started again and again begin in a third of the time. */
export function transpile(): Transpiled {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, "tandem-chaos-"));
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, module: "ESNext", moduleResolution: "Bundler", sourceMap: false }, root);
  for (const file of folders.flatMap(filesIn)) {
    const target = join(out, relative(root, file)).replace(/\.ts$/, ".js");
    mkdirSync(dirname(target), { recursive: true });
    if (extname(file) === ".ts") writeFileSync(target, ts.transpileModule(readFileSync(file, "utf8"), { compilerOptions: options, fileName: file }).outputText);
    else cpSync(file, target);
  }
  cpSync(join(root, "package.json"), join(out, "package.json"));
  return { fileOf: (path) => join(out, relative(root, path)).replace(/\.ts$/, ".js"), remove: () => rmSync(out, { recursive: true, force: true }) };
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
