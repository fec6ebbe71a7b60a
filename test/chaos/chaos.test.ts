import { expect, it } from "vitest";
import { describeWithOwnRedis } from "../helpers/redis.js";
import { runChaos } from "./chaos.js";

describeWithOwnRedis("two replicas and a worker on one Redis, under a network that goes wrong", () => {
  it("keep every promise over a dozen kills of theirs and of Redis", { timeout: 600_000 }, async () => {
    const report = await runChaos({ kills: 12, seed: "a dozen", redisBinary: process.env.REDIS_SERVER_BIN || "redis-server" });
    expect(report.broken).toEqual([]);
    expect(report.gatewayKills + report.workerKills + report.redisKills).toBe(12);
    expect(report.redisKills).toBeGreaterThan(0);
  });
});
