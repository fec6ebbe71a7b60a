import { StoreFormatError } from "../../domain/errors.js";
import { entityTypes } from "../../domain/words.js";
import type { Keys } from "../keys.js";
import { type Connection, Script } from "./connection.js";

/** Grows whenever what stands in Redis could be misread by a version that does not know of the change. */
const format = "2";
/** Before formats were noted. */
const first = "1";

const script = new Script("format");

/** Throws `StoreFormatError` where another version's data stands. */
export async function checkFormat(connection: Connection, keys: Keys): Promise<void> {
  const marks = [keys.ticket, ...entityTypes.map((type) => keys.byId(type))];
  const found = await connection.run(script, [keys.format, ...marks], [format]);
  if (found !== format) throw new StoreFormatError(found === null ? first : String(found), format);
}
