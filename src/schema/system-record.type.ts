import { Field, ID, InterfaceType } from "type-graphql";
import type { IsoTime } from "../domain/words.js";
import type { Typed } from "./node.type.js";
import { DateTime } from "./scalars.js";

@InterfaceType({
  description: "A record as one system has it, under that system's own property names.",
  autoRegisterImplementations: false,
  resolveType: (value: Typed) => value.__typename,
})
export abstract class SystemRecord {
  @Field(() => ID, { description: "Its id in that system." })
  readonly recordId!: string;

  @Field(() => DateTime, { description: "When it was last read. `maxAge` at the root of a query asks for a fresher reading." })
  readonly asOf!: IsoTime;

  @Field(() => DateTime, { nullable: true, description: "When it was last changed, as the system says." })
  readonly modifiedAt!: IsoTime | null;
}
