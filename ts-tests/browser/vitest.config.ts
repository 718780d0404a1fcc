import { defineConfig } from "vitest/config";
import { provideGroupBy } from "../support/group-by.js";

provideGroupBy();

/** The packed package in Chromium, against the demo's provider and API. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.test.ts"],
    globalSetup: "./global-setup.ts",
    // Each file has servers on the same ports and a browser of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
