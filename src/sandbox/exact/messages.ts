import { Refusal } from "./refusal.js";
import type { ExactSettings } from "./settings.js";

type Language = ExactSettings["userLanguage"];

/** Why a record is not accepted, before it is put in words. */
export type Fault =
  | { readonly kind: "missing" | "invalid" | "too-long" | "unknown" | "chosen-id"; readonly property: string }
  | { readonly kind: "exists" }
  | { readonly kind: "in-use"; readonly by: string };

/** A refusal by the business rules: status 500, one line for each fault, in the user's language. */
export const refused = (faults: readonly Fault[], language: Language): Refusal =>
  new Refusal(500, faults.map((fault) => sentence(fault, language)).join("\r\n"));

function sentence(fault: Fault, language: Language): string {
  const isDutch = language === "nl-NL";
  switch (fault.kind) {
    case "missing":
      return `${isDutch ? "Verplicht" : "Mandatory"}: ${label(fault.property, language)}`;
    case "invalid":
      return `${isDutch ? "Ongeldig" : "Invalid"}: ${label(fault.property, language)}`;
    case "unknown":
      return `${isDutch ? "Bestaat niet" : "Does not exist"}: ${label(fault.property, language)}`;
    case "too-long":
      return `${isDutch ? "Te lang" : "Too long"}: ${label(fault.property, language)}`;
    case "chosen-id":
      return `${isDutch ? "Niet toegestaan" : "Not allowed"}: ID`;
    case "exists":
      return isDutch ? "Gegeven bestaat reeds." : "Data already exists.";
    case "in-use":
      return isDutch ? `Kan niet worden verwijderd\r\nIn gebruik: ${label(fault.by, language)}` : `Cannot be deleted\r\nIn use: ${label(fault.by, language)}`;
  }
}

const dutch: Readonly<Record<string, string>> = {
  Code: "Code",
  Description: "Omschrijving",
  Account: "Relatie",
  AddressLine1: "Adresregel 1",
  AddressLine2: "Adresregel 2",
  AddressLine3: "Adresregel 3",
  BirthDate: "Geboortedatum",
  BusinessEmail: "E-mail (zakelijk)",
  BusinessFax: "Fax (zakelijk)",
  ChamberOfCommerce: "KvK-nummer",
  City: "Plaats",
  Contacts: "Contactpersonen",
  Country: "Land",
  Email: "E-mail",
  EndDate: "Einddatum",
  FirstName: "Voornaam",
  Gender: "Geslacht",
  Language: "Taal",
  LastName: "Achternaam",
  MainContact: "Hoofdcontactpersoon",
  Name: "Naam",
  Phone: "Telefoon",
  Postcode: "Postcode",
  Remarks: "Opmerkingen",
  StartDate: "Begindatum",
  State: "Provincie",
  Topic: "Onderwerp",
  Transactions: "Boekingen",
  VATNumber: "Btw-nummer",
};

const label = (property: string, language: Language): string => (language === "nl-NL" ? (dutch[property] ?? property) : property);
