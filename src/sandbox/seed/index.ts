export { makeSeed } from "./seed.js";
export type { CustomcrmSeed, ExactSeed, GroundTruth, OneSided, ReviewGroup, Seed, SeedRow, TruePair } from "./types.js";
