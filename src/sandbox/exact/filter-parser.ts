import type { LiteralType, Token } from "./filter-lexer.js";
import { tokensOf } from "./filter-lexer.js";
import { badQuery } from "./refusal.js";
import type { Cell, PropertyTypes } from "./types.js";

export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
export type ValueType = LiteralType | "Binary" | "Collection";

export type Expression =
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  | { readonly kind: "test"; readonly value: Value };

export type Value = { readonly type: ValueType } & (
  | { readonly kind: "literal"; readonly value: Cell }
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "call"; readonly name: FunctionName; readonly parts: readonly Value[] }
);

type FunctionName = "substringof" | "startswith" | "trim";
const functions: Readonly<Record<FunctionName, { readonly parts: number; readonly type: ValueType }>> = {
  substringof: { parts: 2, type: "Boolean" },
  startswith: { parts: 2, type: "Boolean" },
  trim: { parts: 1, type: "String" },
};
const comparisons: readonly string[] = ["eq", "ne", "gt", "ge", "lt", "le"];

/** Parses `$filter` by recursive descent: or, and, comparison, value. Throws a 400 in the words of the service. */
export function parseFilter(text: string, types: PropertyTypes, typeName: string): Expression {
  if (text.trim() === "") throw badQuery();
  const parser = new Parser(tokensOf(text), types, typeName);
  const expression = parser.either();
  parser.expect("end");
  return expression;
}

/** The properties that a filter names. */
export function propertiesOf(part: Expression | Value): string[] {
  switch (part.kind) {
    case "and":
    case "or":
    case "compare":
      return [...propertiesOf(part.left), ...propertiesOf(part.right)];
    case "test":
      return propertiesOf(part.value);
    case "call":
      return part.parts.flatMap(propertiesOf);
    case "property":
      return [part.name];
    case "literal":
      return [];
  }
}

class Parser {
  private index = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly types: PropertyTypes,
    private readonly typeName: string,
  ) {}

  either(): Expression {
    let left = this.both();
    while (this.takeWord("or")) left = { kind: "or", left, right: this.both() };
    return left;
  }

  expect(kind: Token["kind"]): void {
    if (this.take().kind !== kind) throw badQuery();
  }

  private both(): Expression {
    let left = this.comparison();
    while (this.takeWord("and")) left = { kind: "and", left, right: this.comparison() };
    return left;
  }

  private comparison(): Expression {
    if (this.peek().kind === "(") {
      this.take();
      const inner = this.either();
      this.expect(")");
      return inner;
    }
    const left = this.value();
    const next = this.peek();
    if (next.kind !== "word" || !comparisons.includes(next.text)) {
      if (left.type !== "Boolean") throw badQuery();
      return { kind: "test", value: left };
    }
    this.take();
    const operator = next.text as Comparison;
    const right = this.value();
    if (left.kind !== "literal" && right.kind === "property") throw badQuery("This $filter parameter is not supported for this resource");
    checkOperands(operator, left, right, next.at);
    return { kind: "compare", operator, left, right };
  }

  private value(): Value {
    const token = this.take();
    if (token.kind === "literal") return { kind: "literal", type: token.type, value: token.value };
    if (token.kind !== "word") throw badQuery();
    if (this.peek().kind === "(") return this.call(token.text, token.at);
    if (this.peek().kind === "/") throw badQuery("This $filter parameter is not supported for this resource");
    const known = Object.hasOwn(this.types, token.text) ? this.types[token.text] : undefined;
    if (!known) throw badQuery(`No property '${token.text}' exists in type '${this.typeName}' at position ${token.at}.`);
    const type = known.edm === "Byte" || known.edm === "Int16" ? "Int32" : known.edm;
    return { kind: "property", type, name: token.text };
  }

  private call(name: string, at: number): Value {
    if (!Object.hasOwn(functions, name)) throw badQuery(`Unknown function '${name}' at position ${at}.`);
    const known = functions[name as FunctionName];
    this.expect("(");
    const parts: Value[] = [this.value()];
    while (this.peek().kind === ",") {
      this.take();
      parts.push(this.value());
    }
    this.expect(")");
    if (parts.length !== known.parts || parts.some(({ type }) => type !== "String")) {
      throw badQuery(`No applicable function found for '${name}' at position ${at} with the specified arguments.`);
    }
    return { kind: "call", type: known.type, name: name as FunctionName, parts };
  }

  private peek(): Token {
    return this.tokens[this.index] ?? { kind: "end", at: 0 };
  }

  private take(): Token {
    const token = this.peek();
    this.index++;
    return token;
  }

  private takeWord(text: string): boolean {
    const token = this.peek();
    const isIt = token.kind === "word" && token.text === text;
    if (isIt) this.index++;
    return isIt;
  }
}

const numbers: readonly ValueType[] = ["Int32", "Int64", "Double"];

function checkOperands(operator: Comparison, left: Value, right: Value, at: number): void {
  const isNumeric = numbers.includes(left.type) && numbers.includes(right.type);
  const isEquality = operator === "eq" || operator === "ne";
  const hasNull = isEquality && (left.type === "Null" || right.type === "Null");
  const isOrdered = isEquality || !["Boolean", "Null"].includes(left.type);
  const isComparable = !["Binary", "Collection"].includes(left.type) && !["Binary", "Collection"].includes(right.type);
  if (isComparable && isOrdered && (isNumeric || hasNull || left.type === right.type)) return;
  throw badQuery(`Operator '${operator}' incompatible with operand types 'Edm.${left.type}' and 'Edm.${right.type}' at position ${at}.`);
}
