import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config.js";

/**
 * The config with a key to encrypt by. The sandbox needs none from outside: its own is made once and kept in the data folder,
 * readable for its owner only.
 */
export function withEncryptionKey<C extends Config>(config: C, makeKey = () => randomBytes(32).toString("base64")): C {
  if (config.encryptionKeys.length > 0) return config;
  return { ...config, encryptionKeys: [keptKey(config.dataDir, makeKey)] };
}

function keptKey(dataDir: string, makeKey: () => string): string {
  const file = join(dataDir, "encryption-key");
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(file, `${makeKey()}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return readFileSync(file, "utf8").trim();
}
