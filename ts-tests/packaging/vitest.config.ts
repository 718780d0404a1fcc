import { defineConfig } from "vitest/config";
import { Failures } from "../support/failures.ts";
import { provideGroupBy } from "../support/group-by.ts";

provideGroupBy();

/** The packed package in bundlers, frameworks and runtimes. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.test.ts"],
    reporters: ["default", new Failures()],
    globalSetup: "./support/global-setup.ts",
    // Every file has ports and a browser of its own.
    maxWorkers: 2,
    // Real bundlers run in here, two at a time.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // The default of one second is no rule of anything; what never comes fails all the same.
    expect: { poll: { timeout: 20_000 } },
  },
});
