import type { Random } from "../kit/random.js";
import type { Company } from "./companies.js";
import { productNames } from "./words.js";

const editions = ["", " – editie 2025", " XL"];

/** The properties of the product made as number `index`; of no company, it has nobody to ask. */
export function productFields(
  random: Random,
  index: number,
  company: Company | null,
): Record<"Name" | "Number" | "Description" | "Email" | "Phone", string | null> {
  const [name, description] = productNames[index % productNames.length] ?? ["", ""];
  const edition = editions[Math.floor(index / productNames.length) % editions.length] ?? "";
  return {
    Name: `${name}${edition}`,
    Number: random.int(6) === 0 ? null : `ART-${1001 + index}`,
    Description: random.int(5) === 0 ? null : description,
    Email: company && random.int(3) > 0 ? `verkoop@${company.domain}` : null,
    Phone: company && random.int(2) === 0 ? company.fields.phone : null,
  };
}
