import type { Random } from "../kit/random.js";
import type { CountryCode, Place } from "./places.js";

const prefixes: Record<CountryCode, string> = { NL: "+31", BE: "+32", FR: "+33", NO: "+47" };

/** The number of an office: of the place's area, in the country's length, as it is written at home. */
export function officePhone(random: Random, place: Place): string {
  const { country, area } = place;
  switch (country) {
    case "NL":
      return `${area}-${digits(random, 10 - area.length)}`;
    case "BE":
      return `${area} ${grouped(digits(random, 9 - area.length), area.length === 2 ? [3, 2, 2] : [2, 2, 2])}`;
    case "FR":
      return `${area} ${grouped(digits(random, 8), [2, 2, 2, 2])}`;
    case "NO":
      return `${area} ${grouped(digits(random, 6), [2, 2, 2])}`;
  }
}

/** A person's mobile number, written at home. */
export function mobilePhone(random: Random, country: CountryCode): string {
  switch (country) {
    case "NL":
      return `06-${digits(random, 8)}`;
    case "BE":
      return `04${7 + random.int(3)}${random.int(10)} ${grouped(digits(random, 6), [2, 2, 2])}`;
    case "FR":
      return `0${6 + random.int(2)} ${grouped(digits(random, 8), [2, 2, 2, 2])}`;
    case "NO":
      return `${random.pick(["4", "9"])}${digits(random, 2)} ${grouped(digits(random, 5), [2, 3])}`;
  }
}

/** The same number for callers from abroad: country code, one space, digits. */
export function international(phone: string, country: CountryCode): string {
  return `${prefixes[country]} ${phone.replace(/\D/g, "").replace(/^0/, "")}`;
}

/** Another number of the same office. */
export function otherExtension(random: Random, phone: string): string {
  const tail = String(10 + random.int(90));
  return phone.endsWith(tail) ? `${phone.slice(0, -2)}${tail === "99" ? "10" : Number(tail) + 1}` : `${phone.slice(0, -2)}${tail}`;
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, (_, index) => String(index === 0 ? 2 + random.int(8) : random.int(10))).join("");
}

function grouped(text: string, sizes: readonly number[]): string {
  let start = 0;
  return sizes
    .map((size) => {
      start += size;
      return text.slice(start - size, start);
    })
    .join(" ");
}
