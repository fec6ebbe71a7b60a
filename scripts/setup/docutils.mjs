import { installWithApt } from "./apt.mjs";
import { programsOnPath } from "./path.mjs";
import { run } from "./run.mjs";

/** A Python that has docutils, which knows what reStructuredText is; installed where that is possible; null where there is none. */
export async function findDocutils(env = process.env) {
  return (await pythonWithDocutils(env)) ?? (await installDocutils(env));
}

/** A machine may have several Pythons, and the first on the PATH need not be the one that Debian's packages are for. */
async function pythonWithDocutils(env) {
  for (const python of programsOnPath(["python3"], env)) {
    const { code } = await run(python, ["-c", "import docutils.core"], { env });
    if (code === 0) return python;
  }
  return null;
}

async function installDocutils(env) {
  const isInstalled = await installWithApt(
    { name: "docutils", what: "docutils, for the tests of the dataflow document,", debianPackage: "python3-docutils" },
    env,
  );
  return isInstalled ? pythonWithDocutils(env) : null;
}
