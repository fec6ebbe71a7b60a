import type { Oracle } from "./oracle.js";
import type { Systems } from "./systems.js";

/** Where only compares tell of deletions in Customcrm, one record of each type stays there: an empty list tells nothing (I11). */
export class LastOnes {
  /** Things that clients of the gateway have asked to delete, whatever came of it. */
  readonly #asked = new Set<number>();

  constructor(
    private readonly systems: Systems,
    private readonly oracle: Oracle,
    private readonly areKept: boolean,
  ) {}

  asked(thing: number | null): void {
    if (thing !== null) this.#asked.add(thing);
  }

  /** Without this thing, and with those go that people have deleted or clients asked to delete, Customcrm has none of its type. */
  isKept(thing: number | null): boolean {
    return this.areKept && (["Customer", "Contact", "Product"] as const).some((type) => this.#isLast(thing, this.#thingsOf(type)));
  }

  #thingsOf(type: "Customer" | "Contact" | "Product"): readonly (number | null)[] {
    return this.systems.customcrm.all(type).map(({ id }) => this.oracle.thingOf("CUSTOMCRM", id));
  }

  #isLast(thing: number | null, things: readonly (number | null)[]): boolean {
    return things.includes(thing) && things.every((one) => one === null || one === thing || this.#asked.has(one) || this.oracle.deletedByPeople.has(one));
  }
}
