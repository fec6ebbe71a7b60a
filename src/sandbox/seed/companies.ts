import type { Random } from "../kit/random.js";
import { companyNumbers } from "./numbers.js";
import { officePhone } from "./phones.js";
import { type CountryCode, type Language, type Place, placeIn, secondLine } from "./places.js";
import { descriptions, firmNames, lastNames, legalForms } from "./words.js";

/** The unified fields of an account, before a system's property names are put on them. */
export interface AccountFields {
  name: string;
  website: string | null;
  addressLine1: string | null;
  addressLine2: string | null;
  postcode: string | null;
  city: string | null;
  country: CountryCode;
  email: string | null;
  phone: string | null;
  fax: string | null;
  description: string | null;
  vatNumber: string | null;
  chamberOfCommerce: string | null;
}

/** A company as it is in the world; each system keeps a copy of its fields, more or less up to date. */
export interface Company {
  readonly fields: Readonly<AccountFields>;
  readonly place: Place;
  readonly language: Language;
  /** Under the reserved `.example`, so that nobody's mailbox or site is named. */
  readonly domain: string;
  /** The description as another office words it. */
  readonly otherDescription: string | null;
}

/** When names become scarce, firms are called after two owners. */
const triesWithOneOwner = 20;
const mostTries = 2_000;

export interface CompanyMaker {
  make(country?: CountryCode): Company;
  /** Another firm of the same name in another town: not the same thing. */
  branchOf(company: Company): Company;
}

/** Makes companies of which no two share a name, a domain or a number. */
export function companyMaker(random: Random): CompanyMaker {
  const taken = new Set<string>();
  const claim = (key: string): boolean => !taken.has(key) && taken.add(key) !== undefined;

  const build = (place: Place, name: string, domain: string): Company => {
    let numbers = companyNumbers(random, place.country);
    while (!claim(numbers.vat) || !claim(numbers.organisation)) numbers = companyNumbers(random, place.country);
    const words = random.int(3) === 0 ? random.pick(descriptions[place.language]) : null;
    const phone = officePhone(random, place);
    return {
      place,
      language: place.language,
      domain,
      otherDescription: words?.[1] ?? null,
      fields: {
        name,
        website: random.int(5) === 0 ? null : `https://www.${domain}`,
        addressLine1: place.street,
        addressLine2: random.int(6) === 0 ? secondLine(random, place.language) : null,
        postcode: place.postcode,
        city: place.city,
        country: place.country,
        email: `${random.pick(["info", "info", "administratie", "contact", "post"])}@${domain}`,
        phone,
        fax: random.int(5) === 0 ? officePhone(random, place) : null,
        description: words?.[0] ?? null,
        vatNumber: numbers.vat,
        chamberOfCommerce: numbers.organisation,
      },
    };
  };

  return {
    make(country = countryOf(random)) {
      const place = placeIn(random, country);
      for (let tries = 0; tries < mostTries; tries++) {
        const { name, trade } = firmName(random, place, tries < triesWithOneOwner ? 1 : 2);
        if (!claim(`name ${slug(name).replace(/-/g, "")}`)) continue;
        const domain = [slug(trade), slug(name), slug(`${name} ${place.city}`)].map((label) => `${label}.example`).find(claim);
        if (domain !== undefined) return build(place, name, domain);
      }
      throw new Error("No name is left for another firm: ask for fewer.");
    },
    branchOf(company) {
      for (;;) {
        const place = placeIn(random, company.place.country);
        const domain = `${slug(`${company.fields.name} ${place.city}`)}.example`;
        if (place.city !== company.place.city && claim(domain)) return build(place, company.fields.name, domain);
      }
    },
  };
}

/** Lower case letters and digits, for addresses on the net. */
export function slug(text: string): string {
  return plain(text)
    .toLowerCase()
    .replace(/[.'"]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** As an office without accents on its keyboard types it. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[øØæÆ]/g, (letter) => ({ ø: "o", Ø: "O", æ: "ae", Æ: "AE" })[letter] ?? letter);
}

function countryOf(random: Random): CountryCode {
  const draw = random.int(100);
  if (draw < 55) return "NL";
  if (draw < 76) return "BE";
  return draw < 90 ? "FR" : "NO";
}

function firmName(random: Random, place: Place, owners: number): { name: string; trade: string } {
  const pattern = random.pick(firmNames[place.language]);
  const trade = pattern.replace("{name}", Array.from({ length: owners }, () => capital(random.pick(lastNames[place.language]))).join("-"));
  const forms = place.country === "BE" ? legalForms[place.language === "fr" ? "BE-fr" : "BE-nl"] : legalForms[place.country];
  return { name: `${trade} ${random.pick(forms)}`.trim(), trade };
}

const capital = (text: string): string => (text.startsWith("'t") || text.startsWith("in 't") ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`);
