import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { Scope } from "../../src/server/access.js";
import { scopes } from "../../src/server/access.js";

export const keyOf = (name: string, secret: string, of: readonly Scope[] = scopes) => ({
  name,
  digest: createHash("sha256").update(secret).digest("hex"),
  scopes: of,
});

/** An identity provider: signs tokens, publishes its keys over HTTP, and can change them or be gone. */
export class IdentityProvider {
  #keys: { readonly kid: string; readonly privateKey: CryptoKey; readonly jwk: object }[] = [];
  #server: Server | null = null;
  /** How often somebody read the keys. */
  reads = 0;
  isBroken = false;

  async start(): Promise<this> {
    await this.rotate();
    this.#server = createServer((_request, response) => {
      this.reads++;
      response.writeHead(this.isBroken ? 500 : 200, { "content-type": "application/json" });
      response.end(this.isBroken ? "{}" : JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }));
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    const address = this.#server?.address();
    if (typeof address !== "object" || !address) throw new Error("It has not been started.");
    return `http://127.0.0.1:${address.port}/jwks`;
  }

  /** A new key signs from now on, and only it is published. */
  async rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const kid = `key-${this.reads}-${Math.floor(performance.now() * 1000)}`;
    this.#keys = [{ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } }];
  }

  async token(claims: JWTPayload, expiresAt: number): Promise<string> {
    const [key] = this.#keys;
    if (!key) throw new Error("There is no key.");
    const payload = { sub: "eva", iss: "https://id.example", aud: "tandem", exp: Math.floor(expiresAt / 1000), ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: key.kid }).sign(key.privateKey);
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
