import type { OidcClient, Session } from "oidc-wasm";
import { element, find, json, show, text } from "./dom.js";
import { claimMeaning, claimValue, clock, duration } from "./explain.js";
import { decode } from "./jwt.js";

let timer: ReturnType<typeof setInterval> | undefined;

function claim(session: Session, name: string): string | undefined {
  const value = session.claims[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => Array.from(word ?? "")[0] ?? "").join("").toUpperCase();
}

function showClaims(session: Session): void {
  const rows = Object.entries(session.claims).map(([name, value]) =>
    element(
      "tr",
      { "data-claim": name },
      element("th", { scope: "row" }, element("code", {}, name)),
      element("td", {}, claimValue(name, value)),
      element("td", {}, claimMeaning(name)),
    ),
  );
  find("claims").querySelector("tbody")?.replaceChildren(...rows);
}

function countDown(expiresAt: number | undefined, lifetime: number): void {
  clearInterval(timer);
  show("access-token-meter", expiresAt !== undefined);
  if (expiresAt === undefined) {
    text("access-token-expiry", "The provider did not say when it expires.");
    return;
  }
  const bar = find("access-token-meter").firstElementChild;
  const tick = (): void => {
    const left = Math.max(0, expiresAt - Date.now() / 1000);
    // The policy of this page allows no style attribute in markup; the property set from script is allowed.
    if (bar instanceof HTMLElement) bar.style.inlineSize = `${Math.min(100, (left / lifetime) * 100)}%`;
    const at = clock(new Date(expiresAt * 1000));
    text("access-token-expiry", left > 0 ? `Expires in ${duration(left)}, at ${at}` : `Expired at ${at}. Sign in again for a new one.`);
    if (left <= 0) clearInterval(timer);
  };
  timer = setInterval(tick, 1000);
  tick();
}

/** Fills the part of the page that is about a signed-in person. */
export async function showSession(client: OidcClient, session: Session): Promise<void> {
  const name = claim(session, "name") ?? session.subject;
  text("avatar", initials(name));
  text("greeting", `Hello, ${claim(session, "given_name") ?? name}`);
  text("email", claim(session, "email") ?? "");
  text("role", claim(session, "role") ?? "");
  show("role", claim(session, "role") !== undefined);
  text("subject", session.subject);
  text("issuer", session.issuer);
  showClaims(session);

  const [header = "", payload = "", signature = ""] = (await client.getIdToken()).split(".");
  const fields = decode(header);
  const algorithm = typeof fields === "object" && fields !== null && "alg" in fields ? String(fields.alg) : "";
  text("id-token-verified", `Signature verified, ${algorithm}`);
  json("id-token-header", fields);
  json("id-token-payload", decode(payload));
  text("id-token-signature", `Signature: ${Math.floor((signature.length * 3) / 4)} bytes, checked by the core against the provider's published keys.`);

  text("access-token-scope", "");
  find("access-token-scope").replaceChildren(...session.scope.split(" ").map((scope) => element("span", { class: "chip" }, scope)));
  try {
    const { token, type, expiresAt } = await client.getAccessToken();
    text("access-token-type", type);
    text("access-token-masked", `${token.slice(0, 4)}${"•".repeat(18)}${token.slice(-4)}`);
    countDown(expiresAt, Math.max(1, (expiresAt ?? 0) - session.claims.iat));
  } catch {
    // Expired since: the session still says who it was, the token is of no use any more.
    text("access-token-type", "");
    text("access-token-masked", "-");
    countDown(session.expiresAt ?? 0, 1);
  }
}
