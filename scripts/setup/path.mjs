import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where the PATH has programs of these names: folder by folder, in each in the order of the names. */
export function programsOnPath(names, env = process.env) {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(isProgram);
}

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
