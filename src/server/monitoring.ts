import type { FastifyInstance } from "fastify";
import type { Doorkeeper } from "./doorkeeper.js";
import type { GaugeParts } from "./gauges.js";
import type { Metrics } from "./metrics.js";

export interface MonitoringParts {
  readonly metrics?: Metrics;
  readonly gauges?: GaugeParts;
  readonly doorkeeper?: Doorkeeper;
  /** read: metrics, and what health tells, are for callers with that scope. */
  readonly monitoring?: "open" | "read";
}

/** `/metrics`, for Prometheus. */
export function addMetrics(app: FastifyInstance, { metrics, gauges, doorkeeper, monitoring }: MonitoringParts): void {
  if (!metrics || !gauges) return;
  app.get("/metrics", { onRequest: monitoring === "read" && doorkeeper ? [doorkeeper.needs("read")] : [] }, async (_request, reply) => {
    const text = await metrics.text(gauges);
    return reply.header("content-type", metrics.contentType).header("cache-control", "no-store").send(text);
  });
}
