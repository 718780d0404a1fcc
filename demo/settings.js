/** Addresses of the three parts, from the environment. `localhost` is spelled out because an issuer is compared exactly. */

/**
 * @param {string} name
 * @param {number} fallback
 */
function port(name, fallback) {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new Error(`${name} must be a port number between 1 and 65535, not "${text}".`);
  }
  return value;
}

export const providerPort = port("OIDC_DEMO_PROVIDER_PORT", 9400);
export const apiPort = port("OIDC_DEMO_API_PORT", 9401);
export const pagePort = port("OIDC_DEMO_PAGE_PORT", 9402);

export const providerUrl = `http://localhost:${providerPort}`;
export const apiUrl = `http://localhost:${apiPort}`;
export const pageUrl = `http://localhost:${pagePort}`;

/** An application of your own, beside the demo's page; that of the README, as `npm run dev` serves it, if nothing else is said. */
export const appUrl = new URL(process.env["OIDC_DEMO_APP_URL"] || "http://localhost:5173/").href;

/** Where sign-ins of that application may come back to: the pages that README and guides have. */
export const appRedirectUris = ["", "callback", "popup.html", "silent.html"].map((page) => new URL(page, appUrl).href);

/** The API's own credentials at the provider. Fine for a demo on loopback, nowhere else. */
export const apiClientSecret = process.env.OIDC_DEMO_API_SECRET || "demo-only-secret-of-the-api";
