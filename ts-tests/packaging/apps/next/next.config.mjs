import path from "node:path";

/** `node_modules` lies above the application here; where it lies in it, none of this is needed. */
const root = path.join(import.meta.dirname, "../..");

export default { turbopack: { root }, outputFileTracingRoot: root, distDir: process.env.NEXT_OUTPUT ?? ".next" };
