import { dataflows } from "../../src/domain/dataflow.js";
import { systems } from "../../src/domain/words.js";
import type { SmallWorld } from "../e2e/small-world.js";
import { agreement, allEntities, bijection, holdings } from "../helpers/promises.js";

/** More rounds than anything takes that comes to rest. */
const mostRounds = 12;

/** Lets the gateway bring all to its end, then names what does not hold: records with two entities or none, links that disagree, work without end. */
export async function standing({ app, clock, exact, customcrm }: SmallWorld): Promise<readonly string[]> {
  const { engine, store } = app;
  let owed = 0;
  for (let round = 0; round < mostRounds; round++) {
    for (const system of systems) await engine.poll(system);
    await engine.sweep();
    await engine.drain();
    const due = await store.entities.due(clock.now() + 24 * 3_600_000, 100);
    owed = (await store.feeds.countDirty()) + due.length;
    if (owed === 0) break;
    // What was lost on its way is looked for once it can't land any more (A1).
    await clock.advance(70_000);
  }
  const entities = await allEntities(store);
  const held = await holdings(exact, customcrm);
  return [...(owed > 0 ? [`I7 ${owed} are owed something, and come to no end.`] : []), ...bijection(entities, held), ...agreement(entities, held, dataflows)];
}
