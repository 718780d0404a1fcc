import { defineConfig } from "vite";

// Vite 8 needs none of this: where it keeps what it bundles beforehand is the test's choice; the other is for Vite 7.
export default defineConfig({
  cacheDir: process.env.VITE_CACHE ?? "node_modules/.vite",
  optimizeDeps: { exclude: process.env.EXCLUDE === undefined ? [] : [process.env.EXCLUDE] },
});
