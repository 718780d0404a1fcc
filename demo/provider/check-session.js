/// <reference lib="dom" />
// In the frame of `check_session_iframe`: https://openid.net/specs/openid-connect-session-1_0.html#OPiframe

addEventListener("message", async ({ data, origin, source }) => {
  const [, client, hash, salt] = /^(\S+) ([\da-f]+)\.([\da-f]+)$/.exec(String(data)) ?? [];
  /** @param {string} text */
  const answer = (text) => source?.postMessage(text, { targetOrigin: origin });
  if (client === undefined) return answer("error");
  const [, state = ""] = /(?:^|; )lantern_state=(\w*)/.exec(document.cookie) ?? [];
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode([client, origin, state, salt].join(" ")));
  const expected = [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  answer(expected === hash ? "unchanged" : "changed");
});
