/** A call that is refused, with the status and the text of the error envelope. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body at all. */
  readonly text: string | null;

  constructor(status: number, text: string | null, headers: Record<string, string> = {}) {
    super(text ?? `status ${status}`);
    this.status = status;
    this.text = text;
    this.headers = headers;
  }
}

export const badQuery = (text = "Bad Request - Error in query syntax."): Refusal => new Refusal(400, text);

/** A body that doesn't fit the type, in the words of WCF Data Services. */
export const badBody = (detail: string): Refusal => new Refusal(400, `Error processing request stream. ${detail}`);
