import { type Dataflow, recordTypeOf } from "../domain/dataflow.js";
import { backSentence, externalIdSentence, namedRule, onceSentence, ruleSentences, systemNames } from "../domain/dataflow-sentences.js";
import type { System } from "../domain/words.js";

/** A dataflow's rule in the words of the dataflow document, built from the table that the sync works by. */
export function ruleSentence(flow: Dataflow, flows: readonly Dataflow[]): string {
  const side = (system: System) => ({ system: systemNames[system], type: recordTypeOf(flow, system) });
  const [customcrm, exact] = [side("CUSTOMCRM"), side("EXACT")];
  const isMatched = flow.match.length > 0;
  return [
    ...ruleSentences(namedRule(flow.create.toExact, flows, "CUSTOMCRM"), customcrm, exact, isMatched),
    ...(isMatched ? [`They match by ${flow.match.map((fields) => fields.join(" with ")).join(", then ")}.`] : []),
    backSentence(namedRule(flow.create.toCustomcrm, flows, "EXACT"), exact, customcrm),
    onceSentence(customcrm, exact),
    externalIdSentence(flow.externalId, customcrm, exact),
  ].join(" ");
}
