import { defineConfig } from "vitest/config";
import { Failures } from "./support/failures.ts";
import { provideGroupBy } from "./support/group-by.ts";

provideGroupBy();

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["unit/**/*.test.ts"],
    reporters: ["default", new Failures()],
    environment: "node",
    // Without a word it would be one less than there are cores.
    maxWorkers: "100%",
    // The compiler runs in some tests; on a busy machine that takes its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
    // The default of one second is no rule of anything; what never comes fails all the same.
    expect: { poll: { timeout: 20_000 } },
  },
});
