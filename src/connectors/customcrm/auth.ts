import { z } from "zod";
import { AmbiguousError, NotAuthorizedError, UnavailableError, UnexpectedAnswerError } from "../../domain/errors.js";
import type { Clock } from "../../domain/words.js";
import type { HttpClient } from "../http.js";

/** Where the bearer token of each call comes from. */
export interface TokenSource {
  get(deadline?: number): Promise<string>;
  /** Called when the system did not take this token. True: asking again gives another one. */
  rejected(token: string): boolean;
}

export const fixedToken = (token: string): TokenSource => ({ get: async () => token, rejected: () => false });

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
}

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().optional() });

/** Asked for anew this long before the end, so that none expires on its way. */
const earlyMs = 30_000;
const defaultLifeMs = 3_600_000;

/** OAuth 2.0 client credentials (RFC 6749, 4.4). One request at a time; the token is kept in this process only. */
export class ClientCredentialsToken implements TokenSource {
  readonly #credentials: ClientCredentials;
  readonly #http: HttpClient;
  readonly #clock: Clock;
  #current: { readonly token: string; readonly until: number } | null = null;
  #asking: Promise<string> | null = null;

  /** `http` is a client of the token URL's own host. */
  constructor(credentials: ClientCredentials, http: HttpClient, clock: Clock) {
    this.#credentials = credentials;
    this.#http = http;
    this.#clock = clock;
  }

  get(deadline?: number): Promise<string> {
    if (this.#current && this.#current.until > this.#clock()) return Promise.resolve(this.#current.token);
    this.#asking ??= this.#ask(deadline).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  rejected(token: string): boolean {
    if (this.#current?.token === token) this.#current = null;
    return true;
  }

  async #ask(deadline: number | undefined): Promise<string> {
    const { clientId, clientSecret, tokenUrl } = this.#credentials;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
    const answer = await this.#http
      .request({
        method: "POST",
        url: tokenUrl,
        route: "oauth/token",
        headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
        body: "grant_type=client_credentials",
        ...(deadline === undefined ? {} : { deadline }),
      })
      .catch((error: unknown) => {
        // A token that was made and got lost does no harm: nothing was written to any record.
        throw error instanceof AmbiguousError ? new UnavailableError("CUSTOMCRM", "Customcrm's token endpoint did not answer.", { cause: error }) : error;
      });
    if (answer.status >= 500 || answer.status === 429) throw new UnavailableError("CUSTOMCRM", `Customcrm's token endpoint answered ${answer.status}.`);
    if (answer.status >= 400)
      throw new NotAuthorizedError("CUSTOMCRM", `Customcrm's token endpoint answered ${answer.status}: check the client id and secret.`);
    const result = tokenSchema.safeParse(jsonIn(answer.text));
    if (!result.success) throw new UnexpectedAnswerError("CUSTOMCRM", "Customcrm's token endpoint answered without an access token.", { cause: result.error });
    const lifeMs = result.data.expires_in === undefined ? defaultLifeMs : result.data.expires_in * 1_000;
    this.#current = { token: result.data.access_token, until: this.#clock() + Math.max(lifeMs - earlyMs, lifeMs / 2) };
    return result.data.access_token;
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
