import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from "@opentelemetry/sdk-trace-node";
import type { Logger } from "pino";
import type { TracingConfig } from "./config.js";
import { type SpanNote, type Tracer, useTracer } from "./spans.js";

/** What is still to be sent at the end is not waited for longer than this. */
const flushMs = 2_000;
const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;

/** Sends spans to an OpenTelemetry collector (OTLP over HTTP) from now on. One that does not answer disturbs nothing else. */
export function startTracing({ endpoint, headers }: TracingConfig, role: string, log: Logger): { stop(): Promise<void> } {
  const exporter = told(new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers: { ...headers }, timeoutMillis: flushMs }), log);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "tandem", "service.instance.id": String(process.pid), "tandem.role": role }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: flushMs })],
  });
  provider.register();
  useTracer(tracerOf(provider));
  return {
    stop: async () => {
      useTracer(null);
      // What can't be sent has been told of.
      await provider.shutdown().catch(() => {});
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function tracerOf(provider: NodeTracerProvider): Tracer {
  const tracer = provider.getTracer("tandem");
  return {
    open({ name, kind, attributes = {}, parent }: SpanNote) {
      const above = parent === undefined ? context.active() : contextOf(parent);
      const span = tracer.startSpan(name, { attributes: { ...attributes }, kind: kind ? kinds[kind] : SpanKind.INTERNAL }, above);
      return {
        run: (work) => context.with(trace.setSpan(above, span), work),
        end: (more, error) => {
          span.setAttributes({ ...more, ...(error === undefined ? {} : { "error.type": error instanceof Error ? error.name : typeof error }) });
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    note(name, attributes) {
      trace
        .getActiveSpan()
        ?.updateName(name)
        .setAttributes({ ...attributes });
    },
    traceparent() {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent;
    },
  };
}

const contextOf = (traceparent: string): Context => propagation.extract(ROOT_CONTEXT, { traceparent });

/** Says once that traces don't arrive, and once that they do again. */
function told(exporter: SpanExporter, log: Logger): SpanExporter {
  let isLost = false;
  return {
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !isLost) log.warn(result.error, "Traces can't be sent to OTEL_EXPORTER_OTLP_ENDPOINT; all else goes on.");
        if (!failed && isLost) log.info("Traces are sent again.");
        isLost = failed;
        done(result);
      }),
  };
}
