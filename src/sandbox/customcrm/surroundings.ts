import type { CustomcrmType } from "../../domain/words.js";
import type { CustomcrmSettings } from "./settings.js";

/** What the core needs of the world around it. */
export interface Surroundings {
  readonly now: () => number;
  readonly newId: (type: CustomcrmType) => string;
  /** 0 to 1. */
  readonly chance: () => number;
  readonly settings: () => CustomcrmSettings;
}
