/**
 * Run after `npm install` added something: `node scripts/complete-lock.mjs`.
 * A package with a build for each platform names them all as optional. npm leaves out of package-lock.json those that the registry
 * at hand does not have (a mirror that keeps one platform only), and then `npm ci` refuses the lock file on every machine. This adds
 * them by name and version. They carry no hash, as nobody here has seen them; npm does not fetch them where the platform is another.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/root.mjs";

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = missingBuilds(lock.packages);
lock.packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a === "" ? -1 : b === "" ? 1 : a.localeCompare(b, "en"))),
);
if (Object.keys(added).length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${Object.keys(added).length} builds for other platforms added to package-lock.json.\n`);

function missingBuilds(packages) {
  const missing = {};
  for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isThere(packages, path, name)) continue;
      missing[`node_modules/${name}`] = { version, ...platform(name), ...(dev && { dev }), optional: true };
    }
  }
  return missing;
}

/** As Node looks modules up: beside the package, then in each folder above. */
function isThere(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    if (packages[`${at ? `${at}/` : ""}node_modules/${name}`]) return true;
    if (at === "") return false;
  }
}

/** `…-linux-arm-musleabihf` → linux, arm, musl. */
function platform(name) {
  const words = name.split("/").at(-1).split("-");
  const os = words.find((word) => ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"].includes(word));
  const cpu = words.find((word) => ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"].includes(word));
  if (!os || !cpu) throw new Error(`${name} is optional and not in package-lock.json, and its name tells no platform: add it by hand.`);
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.some((word) => word.startsWith("gnu")) ? "glibc" : null;
  return { cpu: [cpu], ...(libc && { libc: [libc] }), os: [os] };
}
