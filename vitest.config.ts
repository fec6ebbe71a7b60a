import { defineConfig } from "vitest/config";

export default defineConfig({
  // graphql 16 has two entries; without this Vite and Node would each load their own.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: { include: ["test/**/*.test.ts"], setupFiles: ["test/helpers/properties.ts"], testTimeout: 20_000, hookTimeout: 30_000 },
});
