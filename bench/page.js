/** What a proof costs, in one page: every way in turn, many rounds, so that a busy machine disturbs all alike. */
import * as peer from "dpop";
import { DPoPState, IndexedDbDPoPStore, UserManager } from "oidc-client-ts";
import { DpopKey } from "oidc-wasm";

const URL_OF_API = "https://api.example.com/notes/4711/attachments?page=2";
const METHOD = "GET";
const CLIENT = "spa";
/** As long as access tokens that are JWTs often are. */
const TOKEN = Array.from({ length: 1000 }, (_, index) => "abcdefghijklmnopqrstuvwxyz0123456789-_."[(index * 7) % 39]).join("");
const NONCE = "eyJ7S_zG.eyJH0-Z.HX4w-7v";

const parameters = { name: "ECDSA", hash: "SHA-256" };
const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
const key = await DpopKey.from(pair);
const software = await DpopKey.generate({ signer: "software" });
const request = { method: METHOD, url: URL_OF_API, accessToken: TOKEN, nonce: NONCE };
const signed = new TextEncoder().encode((await key.proof(request)).split(".").slice(0, 2).join("."));

const store = new IndexedDbDPoPStore();
await store.set(CLIENT, new DPoPState(pair));
const manager = new UserManager({
  authority: "https://id.example.com",
  client_id: CLIENT,
  redirect_uri: "https://app.example.com/",
  dpop: { bind_authorization_code: false, store },
});

/** Each with how many make a round: a round takes some milliseconds. */
const WAYS = {
  "crypto.subtle.sign alone": [100, () => crypto.subtle.sign(parameters, pair.privateKey, signed)],
  "oidc-wasm": [100, () => key.proof(request)],
  "npm dpop": [50, () => peer.generateProof(pair, "https://api.example.com/notes/4711/attachments", METHOD, NONCE, TOKEN)],
  "oidc-client-ts": [10, () => manager.dpopProof("https://api.example.com/notes/4711/attachments", { access_token: TOKEN }, METHOD, NONCE)],
  'oidc-wasm, signer "software"': [3, () => software.proof(request)],
};

/** Microseconds per call: of each way, one number for each round. */
globalThis.measure = async (rounds) => {
  const ways = Object.entries(WAYS);
  const times = Object.fromEntries(ways.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each begins a round as often as the others.
    for (const [name, [calls, run]] of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
      const start = performance.now();
      for (let call = 0; call < calls; call++) await run();
      times[name].push(((performance.now() - start) / calls) * 1000);
    }
  }
  return times;
};
globalThis.samples = async () =>
  Object.fromEntries(await Promise.all(Object.entries(WAYS).slice(1).map(async ([name, [, run]]) => [name, await run()])));
document.title = "ready";
