import type { Answer } from "../kit/index.js";
import type { Resource } from "./resource.js";

/** `$metadata` of one service: its lists and their properties, as EDMX. */
export function metadata(resources: readonly Resource[]): Answer {
  const types = resources.map(({ typeName, properties, key }) => {
    const listed = Object.entries(properties).map(([name, { edm }]) => (edm === "Collection" ? "" : `<Property Name="${name}" Type="Edm.${edm}"/>`));
    return `<EntityType Name="${lastPart(typeName)}"><Key><PropertyRef Name="${key}"/></Key>${listed.join("")}</EntityType>`;
  });
  const sets = resources.map(({ path, typeName }) => `<EntitySet Name="${path.split("/").at(-1)}" EntityType="${typeName}"/>`);
  const body =
    '<?xml version="1.0" encoding="utf-8"?>\n<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>' +
    `<Schema Namespace="Exact.Web.Api.Models" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">${types.join("")}` +
    `<EntityContainer Name="Container">${sets.join("")}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;
  return { status: 200, headers: { "content-type": "application/xml;charset=utf-8" }, body };
}

const lastPart = (name: string): string => name.split(".").at(-1) ?? name;
