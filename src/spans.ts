/** What took how long, for a trace. Neither ids nor values of anybody's data are in it. */
export interface SpanNote {
  readonly name: string;
  /** `server`, `consumer`: begins here for somebody else; `client`, `producer`: goes on elsewhere. */
  readonly kind?: "server" | "client" | "producer" | "consumer";
  readonly attributes?: SpanAttributes;
  /** A `traceparent` that came from elsewhere; default: the span that runs. */
  readonly parent?: string | undefined;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface OpenSpan {
  /** What is done on the way, however late, belongs to this span. */
  run<T>(work: () => T): T;
  /** Of an error only its name is told. */
  end(attributes?: SpanAttributes, error?: unknown): void;
}

export interface Tracer {
  open(span: SpanNote): OpenSpan;
  /** Adds to the span that runs, and renames it. */
  note(name: string, attributes: SpanAttributes): void;
  /** The span that runs, as others take it over; undefined: none. */
  traceparent(): string | undefined;
}

const silent: OpenSpan = { run: (work) => work(), end: () => {} };
/** There is one for the process, as there is one context for whatever runs in it. */
let tracer: Tracer | null = null;

export function useTracer(given: Tracer | null): void {
  tracer = given;
}

/** Whether anybody is told of spans: nobody has to make what is told to nobody. */
export const isTracing = (): boolean => tracer !== null;
export const openSpan = (span: SpanNote): OpenSpan => tracer?.open(span) ?? silent;
export const noteOnSpan = (name: string, attributes: SpanAttributes): void => tracer?.note(name, attributes);
export const traceparent = (): string | undefined => tracer?.traceparent();

/** Does the work as a span of the trace; without a tracer it is just done. */
export function spanned<T>(span: SpanNote, work: () => Promise<T>): Promise<T> {
  return tracer ? within(tracer.open(span), work) : work();
}

async function within<T>(open: OpenSpan, work: () => Promise<T>): Promise<T> {
  try {
    const result = await open.run(work);
    open.end();
    return result;
  } catch (error) {
    open.end({}, error);
    throw error;
  }
}
