import fc from "fast-check";

/** Every property draws the same cases in every run, so that a change fails by itself and not by chance; PROPERTY_SEED=<integer> draws others. */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20_261_101) });
