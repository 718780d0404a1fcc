import { defineConfig } from "vite";

/** By default the package stays outside of a server's bundle; servers without `node_modules` need it inside. */
const bundled = process.env.SSR_PACKAGE === "bundled";

export default defineConfig({ ssr: { noExternal: bundled ? ["oidc-wasm"] : [] } });
