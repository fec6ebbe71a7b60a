import type { Random } from "../kit/random.js";

export const countryCodes = ["NL", "BE", "FR", "NO"] as const;
export type CountryCode = (typeof countryCodes)[number];

/** How people of a place speak: what its streets, firms and jobs are called. */
export type Language = "nl" | "fr" | "no";

interface City {
  readonly name: string;
  /** First and last postcode to draw from. */
  readonly postcodes: readonly [number, number];
  /** The area code, with its leading zero where the country has one. */
  readonly area: string;
  readonly language: Language;
}

export interface Place {
  readonly country: CountryCode;
  readonly language: Language;
  readonly city: string;
  readonly postcode: string;
  readonly street: string;
  readonly area: string;
}

export function placeIn(random: Random, country: CountryCode): Place {
  const city = random.pick(cities[country]);
  const [first, last] = city.postcodes;
  const number = first + random.int(last - first + 1);
  return {
    country,
    language: city.language,
    city: city.name,
    postcode: country === "NL" ? `${number} ${letters(random)}` : String(number).padStart(country === "FR" ? 5 : 4, "0"),
    street: streetIn(random, city.language, country),
    area: city.area,
  };
}

/** A second address line, as invoices carry it. */
export function secondLine(random: Random, language: Language): string {
  const number = 1 + random.int(40);
  const lines: Record<Language, readonly string[]> = {
    nl: [`Unit ${number}`, `Postbus ${number * 37}`, "t.a.v. crediteurenadministratie", `Gebouw ${"ABCD"[number % 4]}, 2e verdieping`],
    fr: [`Bâtiment ${"ABCD"[number % 4]}`, `BP ${number * 13}`, "Service comptabilité", `ZA Les Chênes, lot ${number}`],
    no: [`Postboks ${number * 21}`, `${1 + (number % 5)}. etasje`, `Bygg ${"ABCD"[number % 4]}`, "v/regnskap"],
  };
  return random.pick(lines[language]);
}

function streetIn(random: Random, language: Language, country: CountryCode): string {
  const number = 1 + random.int(240);
  const suffix = random.int(8) === 0 ? random.pick(["a", "b", "-2", " bis"]) : "";
  const name = random.pick(streets[language]);
  if (language === "fr")
    return country === "BE" ? `${name} ${number}` : `${number}${suffix === " bis" ? " bis" : ""} ${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  if (language === "no") return `${name} ${number}${suffix === "a" || suffix === "b" ? suffix.toUpperCase() : ""}`;
  return `${name} ${number}${suffix === " bis" ? "" : suffix}`;
}

/** Dutch postcodes avoid the pairs SA, SD and SS, and these letters. */
function letters(random: Random): string {
  const allowed = "ABCDEGHJKLMNPRTVWXZ";
  return `${allowed[random.int(allowed.length)]}${allowed[random.int(allowed.length)]}`;
}

const city = (name: string, first: number, last: number, area: string, language: Language): City => ({ name, postcodes: [first, last], area, language });

const cities: Record<CountryCode, readonly City[]> = {
  NL: [
    city("Amsterdam", 1011, 1109, "020", "nl"),
    city("Rotterdam", 3011, 3089, "010", "nl"),
    city("'s-Gravenhage", 2511, 2597, "070", "nl"),
    city("Utrecht", 3511, 3585, "030", "nl"),
    city("'s-Hertogenbosch", 5211, 5236, "073", "nl"),
    city("Eindhoven", 5611, 5658, "040", "nl"),
    city("Groningen", 9711, 9747, "050", "nl"),
    city("Zwolle", 8011, 8045, "038", "nl"),
    city("Deventer", 7411, 7429, "0570", "nl"),
    city("Leeuwarden", 8911, 8941, "058", "nl"),
    city("Maastricht", 6211, 6229, "043", "nl"),
    city("Nijmegen", 6511, 6546, "024", "nl"),
    city("Arnhem", 6811, 6846, "026", "nl"),
    city("Breda", 4811, 4839, "076", "nl"),
    city("Haarlem", 2011, 2037, "023", "nl"),
    city("Alkmaar", 1811, 1827, "072", "nl"),
    city("Leiden", 2311, 2334, "071", "nl"),
    city("Gouda", 2801, 2809, "0182", "nl"),
    city("Amersfoort", 3811, 3829, "033", "nl"),
    city("IJmuiden", 1971, 1976, "0255", "nl"),
    city("Middelburg", 4331, 4338, "0118", "nl"),
    city("Bergen op Zoom", 4611, 4625, "0164", "nl"),
  ],
  BE: [
    city("Antwerpen", 2000, 2000, "03", "nl"),
    city("Gent", 9000, 9000, "09", "nl"),
    city("Brugge", 8000, 8000, "050", "nl"),
    city("Leuven", 3000, 3001, "016", "nl"),
    city("Mechelen", 2800, 2801, "015", "nl"),
    city("Hasselt", 3500, 3501, "011", "nl"),
    city("Kortrijk", 8500, 8501, "056", "nl"),
    city("Sint-Niklaas", 9100, 9100, "03", "nl"),
    city("Oostende", 8400, 8400, "059", "nl"),
    city("Liège", 4000, 4000, "04", "fr"),
    city("Namur", 5000, 5004, "081", "fr"),
    city("Charleroi", 6000, 6001, "071", "fr"),
    city("La Louvière", 7100, 7100, "064", "fr"),
    city("Louvain-la-Neuve", 1348, 1348, "010", "fr"),
    city("Ixelles", 1050, 1050, "02", "fr"),
  ],
  FR: [
    city("Lyon", 69001, 69009, "04", "fr"),
    city("Paris", 75001, 75020, "01", "fr"),
    city("Marseille", 13001, 13016, "04", "fr"),
    city("Lille", 59000, 59000, "03", "fr"),
    city("Nantes", 44000, 44000, "02", "fr"),
    city("Bordeaux", 33000, 33000, "05", "fr"),
    city("Strasbourg", 67000, 67000, "03", "fr"),
    city("Saint-Étienne", 42000, 42000, "04", "fr"),
    city("Besançon", 25000, 25000, "03", "fr"),
    city("Nîmes", 30000, 30000, "04", "fr"),
    city("L'Haÿ-les-Roses", 94240, 94240, "01", "fr"),
    city("Bourg-en-Bresse", 1000, 1000, "04", "fr"),
    city("Évreux", 27000, 27000, "02", "fr"),
  ],
  NO: [
    city("Oslo", 150, 191, "22", "no"),
    city("Bergen", 5003, 5018, "55", "no"),
    city("Trondheim", 7010, 7018, "73", "no"),
    city("Stavanger", 4005, 4010, "51", "no"),
    city("Tromsø", 9008, 9011, "77", "no"),
    city("Bodø", 8003, 8008, "75", "no"),
    city("Ålesund", 6002, 6005, "70", "no"),
    city("Hønefoss", 3510, 3513, "32", "no"),
    city("Tønsberg", 3110, 3116, "33", "no"),
    city("Mo i Rana", 8616, 8622, "75", "no"),
  ],
};

const streets: Record<Language, readonly string[]> = {
  nl: [
    "Stationsweg",
    "Industrieweg",
    "Nijverheidsstraat",
    "Kerkstraat",
    "Dorpsstraat",
    "Molenweg",
    "Havenkade",
    "Burgemeester de Raadtsingel",
    "Graaf Adolfstraat",
    "Van 't Hoffstraat",
    "Lange Nieuwstraat",
    "Ambachtsweg",
    "Koningin Julianaplein",
    "'t Zand",
    "Sint-Jansvest",
    "Vrijheidslaan",
    "Oude Steenweg",
    "Scheepmakersdijk",
  ],
  fr: [
    "Rue de la Gare",
    "Avenue de l'Europe",
    "Rue des Écoles",
    "Boulevard Saint-Michel",
    "Chaussée de Louvain",
    "Rue de l'Église",
    "Place du Marché",
    "Impasse des Tanneurs",
    "Rue Jean-Jaurès",
    "Quai de la Batte",
    "Allée des Platanes",
    "Rue du Général-de-Gaulle",
  ],
  no: [
    "Storgata",
    "Kirkegata",
    "Skippergata",
    "Strandveien",
    "Sjøgata",
    "Fjordveien",
    "Håkon VIIs gate",
    "Industriveien",
    "Bryggen",
    "Øvre Langgate",
    "Fløenbakken",
  ],
};
