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

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["unit/**/*.test.ts"],
    environment: "node",
    // The compiler runs in some tests; on a busy machine that takes its time.
    testTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
