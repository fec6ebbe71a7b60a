import type { Store } from "../store/store.js";

const help = `npm run forget -- <entity id>

Erases what the gateway keeps of an entity: its link, its records as last read, its history. Nothing is deleted in either
system: erase it there first, or it is taken in anew when it is read again.
`;

/** Returns the exit code: 0 when something was erased. */
export async function forgetCommand(args: readonly string[], store: Store, say: (text: string) => void): Promise<number> {
  const [id, ...more] = args;
  if (!id || id.startsWith("-") || more.length > 0) {
    say(help);
    return id === "--help" ? 0 : 1;
  }
  const [entity] = await store.entities.get([id]);
  if (!entity || !(await store.entities.forget(entity.id))) {
    say(`There is no entity ${id}.\n`);
    return 1;
  }
  const { CUSTOMCRM, EXACT } = entity.records;
  say(`${entity.id} is forgotten. Its records were ${CUSTOMCRM ?? "none"} in Customcrm and ${EXACT ?? "none"} in Exact Online.\n`);
  return 0;
}
