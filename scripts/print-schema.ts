import { writeFileSync } from "node:fs";
import { buildTandemSchema } from "../src/resolvers/build-schema.js";
import type { ResolverParts } from "../src/resolvers/parts.js";
import { printTandemSchema } from "../src/resolvers/print-schema.js";

// Nothing is resolved here, so that no part of the house is needed.
const unused = {} as ResolverParts;
writeFileSync(new URL("../schema.graphql", import.meta.url), printTandemSchema(buildTandemSchema(unused)));
