/** One property at fault, as the contract's Problem lists them. */
export interface PropertyError {
  readonly property: string;
  readonly code: string;
  readonly message: string;
}

/** An answer other than success: an RFC 9457 problem. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** The last part of `urn:customcrm:…`. */
  readonly kind: string;
  readonly errors: readonly PropertyError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, kind: string, detail: string, more: { errors?: readonly PropertyError[]; headers?: Record<string, string> } = {}) {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }

  body(): Record<string, unknown> {
    const title = `${this.kind.charAt(0).toUpperCase()}${this.kind.slice(1).replaceAll("-", " ")}`;
    return {
      type: `urn:customcrm:${this.kind}`,
      title,
      status: this.status,
      detail: this.message,
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}

/** A request that does not follow the contract's form. */
export const badRequest = (kind: string, detail: string, errors: readonly PropertyError[] = []): Problem => new Problem(400, kind, detail, { errors });
