import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { apiUrl, pagePort, pageUrl, providerUrl } from "../settings.js";

/** Writes the page's policy: exactly the servers it talks to, and nothing from anywhere else. */
function contentSecurityPolicy(serving: boolean): Plugin {
  const connect = ["'self'", providerUrl, apiUrl];
  // Vite's own reload channel, while developing.
  if (serving) connect.push(pageUrl.replace("http:", "ws:"));
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${connect.join(" ")}`,
    // Sign-out may be sent as a form, and comes back here.
    `form-action 'self' ${providerUrl}`,
    "base-uri 'none'",
  ].join("; ");
  return {
    name: "content-security-policy",
    transformIndexHtml: (html) => html.replace("%CONTENT_SECURITY_POLICY%", policy),
  };
}

/** `--mode inline` builds the same page with the wasm inside the script. */
export default defineConfig(({ command, mode }) => {
  const inline = mode === "inline";
  return {
    root: fileURLToPath(new URL(".", import.meta.url)),
    plugins: [contentSecurityPolicy(command === "serve")],
    define: { DEMO: JSON.stringify({ provider: providerUrl, api: apiUrl, inline }) },
    resolve: { alias: inline ? { "oidc-wasm": "oidc-wasm/inline" } : {} },
    build: {
      outDir: inline ? "dist/inline" : "dist/app",
      emptyOutDir: true,
      target: "es2022",
      // A script in a data: URL would need a weaker policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    server: { host: "localhost", port: pagePort, strictPort: true },
    preview: { host: "localhost", port: pagePort, strictPort: true },
  };
});
