import { randomUUID } from "node:crypto";
import type { Connector } from "../connectors/connector.js";
import type { Properties, PropertyValue } from "../domain/record.js";
import type { CustomcrmType, ExactType, System } from "../domain/words.js";
import type { Hands, Made } from "../qa/bench.js";
import type { Sandboxes } from "../sandbox/index.js";

type Note = (made: Made) => void;

/** The people at the sandboxes' own screens: past the API, the connectors and their reading of either system. */
export function sandboxHands({ exact, customcrm }: Sandboxes, note: Note): { readonly [S in System]: Hands } {
  return {
    CUSTOMCRM: {
      create: async (type, properties) => {
        const { id } = customcrm.core.create(type as CustomcrmType, properties);
        note({ system: "CUSTOMCRM", type, id });
        return id;
      },
      edit: async (type, id, properties) => {
        customcrm.core.patch(type as CustomcrmType, id, properties);
      },
      remove: async (type, id) => customcrm.core.remove(type as CustomcrmType, id),
      read: async (type, id) => customcrm.core.find(type as CustomcrmType, id)?.values ?? null,
    },
    EXACT: {
      create: async (type, properties) => {
        const id = exact.core.create(type as ExactType, properties);
        note({ system: "EXACT", type, id });
        return id;
      },
      edit: async (type, id, properties) => exact.core.edit(type as ExactType, id, properties),
      remove: async (type, id) => exact.core.remove(type as ExactType, id),
      read: async (type, id) => {
        const cells = exact.core.table(type as ExactType).get(id);
        return cells ? Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, asShown(name, cell)])) : null;
      },
    },
  };
}

/** Exact keeps dates as milliseconds of the clock on the wall. */
const asShown = (name: string, cell: PropertyValue): PropertyValue =>
  typeof cell === "number" && /Date$/.test(name) ? new Date(cell).toISOString().slice(0, 10) : cell;

/** The people of systems that are reached by their APIs alone. */
export function connectorHands(connector: Connector, note: Note): Hands {
  const { system } = connector;
  const options = { class: "interactive" } as const;
  return {
    create: async (type, properties) => {
      const { id } = await connector.create(type, properties, randomUUID(), options);
      note({ system, type, id });
      return id;
    },
    edit: async (type, id, properties) => {
      await connector.update(type, id, properties, null, options);
    },
    remove: (type, id) => connector.remove(type, id, null, options),
    read: async (type, id): Promise<Properties | null> => (await connector.getMany(type, [id], options)).get(id)?.properties ?? null,
  };
}
