import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import { InvalidInputError } from "../domain/errors.js";

interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Seals small texts with AES-256-GCM under keys made of pass phrases. The first key seals, all of them open, so that a key can
 * be replaced: give the new one first and the former after it until everything has been stored again. A value is bound to its
 * name: under another one it does not open.
 */
export class Sealer {
  readonly #phrases: readonly string[];
  readonly #scope: string;
  #derived: readonly SealingKey[] | undefined;

  /** `scope` is what the keys are for, such as a tenant: equal pass phrases give other keys elsewhere. */
  constructor(passPhrases: string | readonly string[], scope: string) {
    const phrases = (typeof passPhrases === "string" ? [passPhrases] : passPhrases).filter((phrase) => phrase !== "");
    if (phrases.length === 0) throw new InvalidInputError("ENCRYPTION_KEY must not be empty: tokens are only stored encrypted.");
    this.#phrases = phrases;
    this.#scope = scope;
  }

  /** `v1.<key id>.<nonce>.<tag>.<sealed text>` */
  seal(name: string, text: string): string {
    const [first] = this.#keys();
    if (!first) throw new Error("There is no key to seal with.");
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", first.key, nonce).setAAD(this.#aad(name));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return ["v1", first.id, ...[nonce, cipher.getAuthTag(), sealed].map((part) => part.toString("base64url"))].join(".");
  }

  open(name: string, envelope: string): string {
    const [version, keyId, nonce = "", tag = "", sealed = ""] = envelope.split(".");
    const found = this.#keys().find((one) => one.id === keyId);
    if (version !== "v1" || !found) {
      throw new InvalidInputError(`"${name}" was sealed with another ENCRYPTION_KEY. Give that one too, or connect the system again.`);
    }
    try {
      const decipher = createDecipheriv("aes-256-gcm", found.key, Buffer.from(nonce, "base64url"), { authTagLength: 16 });
      decipher.setAAD(this.#aad(name)).setAuthTag(Buffer.from(tag, "base64url"));
      return decipher.update(Buffer.from(sealed, "base64url"), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw new InvalidInputError(`"${name}" does not open: what is stored was not sealed for it, or was changed. Connect the system again.`, { cause });
    }
  }

  /** Slow on purpose, so made when first needed. */
  #keys(): readonly SealingKey[] {
    this.#derived ??= this.#phrases.map((phrase) => {
      const key = scryptSync(phrase, `tandem:${this.#scope}`, 32);
      return { key, id: createHash("sha256").update(key).digest("hex").slice(0, 12) };
    });
    return this.#derived;
  }

  #aad = (name: string): Buffer => Buffer.from(`${this.#scope}\0${name}`);
}
