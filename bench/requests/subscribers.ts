import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { dataflowOf, dataflows } from "../../src/domain/dataflow.js";
import { isoTime } from "../../src/domain/words.js";
import { RedisStore } from "../../src/store/redis.js";
import type { Store } from "../../src/store/store.js";
import { announced } from "../../src/sync/announce.js";
import { writeOf } from "../../src/sync/document.js";
import type { Fact } from "./alone.js";
import { cpuSeconds, residentMb } from "./cores.js";
import { tenant } from "./given.js";
import { accountEntityId } from "./rows.js";
import { startServer } from "./servers.js";
import type { Setting } from "./setting.js";
import { quantile } from "./stats.js";

const idsEach = 20;
const changesPerSecond = 50;
const openedAtOnce = 50;
const restMs = 3_000;
const lateMs = 5_000;

const query = "subscription watch($ids: [ID!]) { entityChanged(ids: $ids) { id kind fields at entity { id ... on Account { name phone } } } }";

interface Subscriber {
  readonly ids: readonly string[];
  readonly socket: WebSocket;
  heard: number;
}

/** Everybody watches accounts of their own as far as there are enough of them. */
const idsOf = (place: number, accounts: number): readonly string[] =>
  Array.from({ length: idsEach }, (_, i) => accountEntityId((place * idsEach + i) % accounts));

/**
 * Many who each watch 20 accounts by a WebSocket, while 50 of these change a second: committed to the store by another process, as a worker
 * does. An event is late by the time from the begin of that commit until it is there. The gateway is a fresh one, so that what it holds is theirs.
 */
export async function subscribers(setting: Setting, count: number, seconds: number): Promise<readonly Fact[]> {
  const { accounts, gateway, redisUrl } = setting;
  const server = await startServer(gateway);
  const store = await RedisStore.connect({ url: redisUrl, tenant, encryptionKey: setting.key });
  const sentAt = new Map<string, number>();
  const lagsMs: number[] = [];
  const all: Subscriber[] = [];
  const open = async (ids: readonly string[]) => {
    const subscriber: Subscriber = {
      ids,
      heard: 0,
      socket: await watch(server.origin, ids, (id) => {
        subscriber.heard += 1;
        const sent = sentAt.get(id);
        if (sent !== undefined) lagsMs.push(performance.now() - sent);
      }),
    };
    return subscriber;
  };
  try {
    const early = await Promise.all(Array.from({ length: openedAtOnce }, (_, place) => open(idsOf(place, accounts))));
    await untilHeard(store, early);
    for (const { socket } of early) socket.terminate();
    await sleep(restMs);
    const emptyMb = residentMb(server.pid);
    for (let place = 0; place < count; place += openedAtOnce) {
      const places = Array.from({ length: Math.min(openedAtOnce, count - place) }, (_, i) => place + i);
      all.push(...(await Promise.all(places.map((one) => open(idsOf(one, accounts))))));
    }
    await untilHeard(store, all);
    await sleep(restMs);
    const idleMb = residentMb(server.pid);
    const cpuBefore = cpuSeconds(server.pid);
    const due = await change(store, all, seconds, sentAt);
    for (const until = performance.now() + lateMs; lagsMs.length < due && performance.now() < until; ) await sleep(20);
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    const lags = lagsMs.sort((a, b) => a - b);
    return [
      [
        `Subscribers, ${count} by WebSocket with ${idsEach} ids each: events that came, of those due, ${changesPerSecond} changes a second`,
        `${lags.length} of ${due}`,
      ],
      ["Subscribers: from the begin of the commit to the event, p50 and p99", `${quantile(lags, 0.5).toFixed(1)} and ${quantile(lags, 0.99).toFixed(1)} ms`],
      ["Subscribers: CPU of the gateway per event that came, its entity read", `${((cpu * 1000) / lags.length).toFixed(2)} ms`],
      ["Subscribers: memory per 1,000 idle ones", `${(((idleMb - emptyMb) * 1000) / count).toFixed(0)} MB`],
    ];
  } finally {
    for (const { socket } of all) socket.terminate();
    await store.stop();
    await server.stop();
  }
}

/** A subscription by graphql-ws on a socket of its own. */
async function watch(origin: string, ids: readonly string[], onEvent: (id: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(`${origin.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  const isLetIn = once(socket, "message");
  socket.send(JSON.stringify({ type: "connection_init" }));
  await isLetIn;
  socket.on("message", (data) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload?: { data?: { entityChanged: { id: string } } } };
    if (type === "next" && payload?.data) onEvent(payload.data.entityChanged.id);
    else if (type !== "ping") throw new Error(`A subscriber was told: ${String(data).slice(0, 500)}`);
  });
  socket.send(JSON.stringify({ id: "watch", type: "subscribe", payload: { query, variables: { ids } } }));
  return socket;
}

/** The protocol does not say when a subscription stands; who hears something has one. */
async function untilHeard(store: Store, all: readonly Subscriber[]): Promise<void> {
  const event = { kind: "UPDATED", type: "ACCOUNT", state: "LINKED", source: "GATEWAY", fields: [] } as const;
  for (let deaf = all; deaf.length > 0; deaf = all.filter(({ heard }) => heard === 0)) {
    for (const [entityId = ""] of deaf.map(({ ids }) => ids)) {
      await store.events.publish({ topic: "entity", event: { ...event, entityId, at: isoTime(Date.now()) } });
    }
    await sleep(500);
  }
}

/** One account after the other gets a new phone number. Gives how many events are due for it. */
async function change(store: Store, all: readonly Subscriber[], seconds: number, sentAt: Map<string, number>): Promise<number> {
  const watchers = new Map<string, number>();
  for (const id of all.flatMap(({ ids }) => ids)) watchers.set(id, (watchers.get(id) ?? 0) + 1);
  const ids = [...watchers.keys()];
  const failures: unknown[] = [];
  const telling = announced(store, Date.now, (error) => failures.push(error));
  const flow = dataflowOf(dataflows, "ACCOUNT");
  const count = seconds * changesPerSecond;
  const began = performance.now();
  let due = 0;
  for (let made = 0; made < count; made += 1) {
    await sleep(Math.max(0, began + (made * 1000) / changesPerSecond - performance.now()));
    const id = ids[(made * idsEach + Math.floor(made / all.length)) % ids.length] ?? "";
    const [entity] = await store.entities.get([id]);
    if (!entity) throw new Error(`There is no ${id}.`);
    const changed = { ...entity, fields: { ...entity.fields, phone: `+32 3 ${String(made).padStart(7, "0")}` } };
    sentAt.set(id, performance.now());
    const result = await telling.entities.commit({ put: [writeOf(flow, changed, [])] });
    if (!result.ok) throw new Error(`${id} was changed meanwhile.`);
    due += watchers.get(id) ?? 0;
  }
  if (failures[0]) throw failures[0];
  return due;
}
