import { defineConfig } from "vitest/config";

export default defineConfig({
  // graphql 16 has two entries; without this Vite and Node would each load their own.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/helpers/properties.ts"],
    // Vitest leaves one core free, which is half of a machine with two: most tests wait for servers of their own more than they compute.
    maxWorkers: "100%",
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
