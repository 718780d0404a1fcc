import { defineConfig } from "vitest/config";

// Vitest prints failures with Map.groupBy, which Node 20 does not have.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};

/** The packed package in bundlers, frameworks and runtimes. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.test.ts"],
    globalSetup: "./support/global-setup.ts",
    // Every file has ports and a browser of its own.
    maxWorkers: 2,
    // Real bundlers run in here, two at a time.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
