import type { Random } from "../kit/random.js";
import type { CountryCode } from "./places.js";

/** The numbers a company is known by, with the check digits its country asks for. */
export interface CompanyNumbers {
  readonly vat: string;
  /** KvK (NL), enterprise number (BE), SIRET (FR) or organisasjonsnummer (NO). */
  readonly organisation: string;
}

export function companyNumbers(random: Random, country: CountryCode): CompanyNumbers {
  switch (country) {
    case "NL":
      return { vat: `NL${dutchFiscalNumber(random)}B01`, organisation: String(10_000_000 + random.int(80_000_000)) };
    case "BE": {
      const number = belgianNumber(random);
      return { vat: `BE${number}`, organisation: `${number.slice(0, 4)}.${number.slice(4, 7)}.${number.slice(7)}` };
    }
    case "FR": {
      const siren = withLuhn(String(30_000_000 + random.int(60_000_000)));
      const key = (12 + 3 * (Number(siren) % 97)) % 97;
      return { vat: `FR${String(key).padStart(2, "0")}${siren}`, organisation: withLuhn(`${siren}000${1 + random.int(9)}`) };
    }
    case "NO": {
      const number = norwegianNumber(random);
      return { vat: `NO${number}MVA`, organisation: number };
    }
  }
}

/** How an office writes its country's VAT number when it likes dots and spaces. */
export function spacedVat(vat: string): string {
  const digits = vat.slice(2);
  switch (vat.slice(0, 2)) {
    case "NL":
      return `NL ${digits.slice(0, 4)}.${digits.slice(4, 6)}.${digits.slice(6, 9)}.${digits.slice(9)}`;
    case "BE":
      return `BE ${digits.slice(0, 4)}.${digits.slice(4, 7)}.${digits.slice(7)}`;
    case "FR":
      return `FR ${digits.slice(0, 2)} ${digits.slice(2, 5)} ${digits.slice(5, 8)} ${digits.slice(8)}`;
    default:
      return `NO ${digits.slice(0, 3)} ${digits.slice(3, 6)} ${digits.slice(6, 9)} MVA`;
  }
}

/** Eleven-test with weights 9 to 2; the ninth digit is the remainder. */
function dutchFiscalNumber(random: Random): string {
  for (;;) {
    const eight = String(80_000_000 + random.int(6_999_999));
    const check = weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    if (check < 10) return `${eight}${check}`;
  }
}

/** 97 minus the remainder of the first eight digits. */
function belgianNumber(random: Random): string {
  const eight = `0${4_000_000 + random.int(3_900_000)}`;
  return `${eight}${String(97 - (Number(eight) % 97)).padStart(2, "0")}`;
}

function norwegianNumber(random: Random): string {
  for (;;) {
    const eight = String(81_000_000 + random.int(18_000_000));
    const check = (11 - (weighted(eight, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
    if (check < 10) return `${eight}${check}`;
  }
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);
}

function withLuhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
