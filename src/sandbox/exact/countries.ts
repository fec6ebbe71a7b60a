const names = new Map([
  ["nl-NL", new Intl.DisplayNames("nl", { type: "region", fallback: "none" })],
  ["en-GB", new Intl.DisplayNames("en", { type: "region", fallback: "none" })],
]);

/** Null: there is no such country. */
export function countryName(code: string, language: string): string | null {
  return /^[A-Z]{2}$/.test(code) && code !== "ZZ" ? (names.get(language)?.of(code) ?? null) : null;
}

/** The states that Exact knows of some countries; those of others are not checked. */
const states: Readonly<Record<string, string>> = {
  NL: "DR FL FR GE GR LI NB NH OV UT ZE ZH",
  BE: "ANT BRU HAI LIE LIM LUX NAM OVL VBR WBR WVL",
  US:
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI " +
    "WY",
};

export function stateFits(state: string, country: string | null): boolean {
  const known = country === null ? undefined : states[country];
  return known === undefined || known.split(" ").includes(state);
}
