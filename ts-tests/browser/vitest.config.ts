import { defineConfig } from "vitest/config";
import { Failures } from "../support/failures.js";
import { provideGroupBy } from "../support/group-by.js";

provideGroupBy();

/** The packed package in Chromium, against the demo's provider and API. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.test.ts"],
    reporters: ["default", new Failures()],
    globalSetup: "./global-setup.ts",
    setupFiles: ["./slot-environment.ts"],
    // As many slots are made. Much of a test is waiting, so that two of them fill two cores.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The default of one second is no rule of anything; what never comes fails all the same.
    expect: { poll: { timeout: 20_000 } },
  },
});
