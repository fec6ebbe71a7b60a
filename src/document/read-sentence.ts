import { type NamedRule, type NamedType, nameOf } from "../domain/dataflow-sentences.js";
import type { Properties, PropertyValue } from "../domain/record.js";
import type { DeletePolicy } from "../domain/words.js";
import type { Section } from "./model.js";

export interface SectionNames {
  readonly source: NamedType;
  readonly target: NamedType;
}

/** What one sentence says of its section; `table`: what the table after it holds. An empty object: what goes without saying. */
export type Said = Partial<Section> | { readonly linkNeeded: true } | { readonly table: "match" | "properties" | "overrides" };

/** Reads one sentence, in our words or in those of the format's originals; null for one that is neither. */
export function readSentence(text: string, names: SectionNames): Said | null {
  const [a, b] = [side(names.source), side(names.target)];
  for (const [pattern, said] of sentences) {
    const found = new RegExp(`^${pattern.source.replaceAll("<A>", a).replaceAll("<B>", b)}$`).exec(text);
    if (found) return said(found.slice(1), names);
  }
  return null;
}

type Reading = (found: readonly (string | undefined)[], names: SectionNames) => Said | null;

/** The condition's value and the values of defaults are JSON. */
const quoted = /"(?:[^"\\]|\\.)*"/.source;

const sentences: readonly (readonly [RegExp, Reading])[] = [
  [/Every <A> (?:is|will be) synchronized with <B>\./, () => ({ create: { kind: "always" } })],
  [/Before any.* link.*/, () => ({ linkNeeded: true })],
  [
    /(?:An?) new <B> (?:is|will be) created from <A> (?:only once|if it is connected to) (.*?)(?: refers to it and is| that is) synchronized into .*/,
    ([by], { source }) => ({ create: { kind: "whenReferenced", by: listed(by, source.system) } }),
  ],
  [new RegExp(`If its (\\S+) is (${quoted}), <A> is synchronized with <B>\\. (.*)`), ([field, value, reason]) => ({ create: condition(field, value, reason) })],
  [/On a condition, <A> is synchronized with <B>\. (.*)/, ([reason]) => ({ create: { kind: "when", filter: null, reason: reason ?? "" } })],
  [/(.+), it will be synchronized with <B>\./, ([reason]) => ({ create: { kind: "when", filter: null, reason: reason ?? "" } })],
  [/If (?:there is )?(?:a|no) match.*/, () => ({})],
  [/No <B> is created for it.*/, () => ({})],
  [/<A> (?:will merge with|matches) <B> if one of the following property combinations .*/, () => ({ table: "match" })],
  [/From \S+ to \S+: (.*)/, ([text], { target }) => createBack(text ?? "", target.system)],
  [/Once .* link.*/, () => ({})],
  [/When one of the two is deleted \((DETACH|ARCHIVE|PROPAGATE)\): .*/, ([policy]) => ({ onDelete: policy as DeletePolicy })],
  [/A new .* is given (.*)\./, ([list]) => ({ exactDefaults: defaultsIn(list ?? "") })],
  [/The ID of the .* is kept in the (\S+) of the .*/, ([property]) => ({ externalId: property ?? null })],
  [/This site's dataflow\.yml changes these settings:/, () => ({ table: "overrides" })],
  [/(?:The following|These) properties are synchronized between <A> and <B>:/, () => ({ table: "properties" })],
];

function createBack(text: string, system: string): Said | null {
  const rule = backRule(text, system);
  return rule && { createBack: rule };
}

function backRule(text: string, system: string): NamedRule | null {
  if (/^no .* is created\.$/.test(text)) return { kind: "never" };
  if (/^every .* without a counterpart gets a new .*\.$/.test(text)) return { kind: "always" };
  const referenced = / without a counterpart gets a new .* once (.*) refers to it\.$/.exec(text);
  if (referenced) return { kind: "whenReferenced", by: listed(referenced[1], system) };
  const filtered = new RegExp(`^if its (\\S+) is (${quoted}), .*? without a counterpart gets a new [^.]*\\. (.*)$`).exec(text);
  if (filtered) return condition(filtered[1], filtered[2], filtered[3]);
  const unfiltered = /^on a condition, .*? without a counterpart gets a new [^.]*\. (.*)$/.exec(text);
  return unfiltered ? { kind: "when", filter: null, reason: unfiltered[1] ?? "" } : null;
}

const condition = (field = "", value = '""', reason = ""): NamedRule => ({ kind: "when", filter: { field, equals: JSON.parse(value) as string }, reason });

/** `a Customcrm Contact or a Customcrm Product`; in the originals the system is named once: `Customcrm X, Y, or Z`. */
const listed = (text = "", system: string): readonly string[] =>
  text.split(/,? or |, /).map((type) => type.replace(/^an? /, "").replace(new RegExp(`^${escaped(system)} `), ""));

const defaultsIn = (text: string): Properties =>
  Object.fromEntries(
    [...text.matchAll(new RegExp(`(\\w+) (${quoted}|[\\w.-]+)(?: and |$)`, "g"))].map(([, name, value]) => [
      name,
      JSON.parse(value ?? "null") as PropertyValue,
    ]),
  );

/** The article is optional, as it is "a" before everything in the originals; so is the system's name, which some of them leave out. */
const side = (name: NamedType): string => `(?:[Aa]n? )?(?:${escaped(nameOf(name))}| *${escaped(name.type)})`;
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
