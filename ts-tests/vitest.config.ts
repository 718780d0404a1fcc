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
    // The compiler runs in some tests; on a busy machine that takes its time.
    testTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
