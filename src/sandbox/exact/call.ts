import type { KitRequest } from "../kit/index.js";
import type { Address } from "./address.js";
import type { ExactCore } from "./core.js";
import type { Place } from "./wire.js";

/** A call to the API that was let in. */
export interface Call {
  readonly request: KitRequest;
  readonly address: Address;
  readonly core: ExactCore;
  readonly place: Place;
  readonly asJson: boolean;
}
