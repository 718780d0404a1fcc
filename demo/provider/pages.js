/** HTML of the provider. Every value goes through `html`, which escapes it; no page needs script. */

/** Markup that is already safe. */
class Markup {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

/** @type {Readonly<Record<string, string>>} */
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * @param {unknown} value
 * @returns {string}
 */
function render(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join("");
  if (value === undefined || value === null || value === false) return "";
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/**
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 */
function html(strings, ...values) {
  return new Markup(strings.reduce((all, part, index) => all + render(values[index - 1]) + part));
}

/**
 * Markup made by `oidc-provider` itself.
 *
 * @param {string} text
 */
const trusted = (text) => new Markup(text);

const lantern = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <path class="mark-frame" d="M12.5 3h7v3.5h-7zM9 6.5h14l2.5 5.5h-19zM7 26h18v3H7z" />
  <path class="mark-glass" d="M8.5 12.5h15l-1 13h-13z" />
  <path class="mark-flame" d="M16 14.5c2.6 2.8 3.6 4.6 3.6 6.4a3.6 3.6 0 0 1-7.2 0c0-1.8 1-3.6 3.6-6.4z" />
</svg>`;

/**
 * @param {{ title: string, testid: string, main: unknown, step?: string }} page
 * @returns {string}
 */
function layout({ title, testid, main, step }) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - Lantern ID</title>
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<div class="stage">
<header class="brand">${lantern}<span>Lantern <b>ID</b></span>${step && html`<span class="step">${step}</span>`}</header>
<main class="card" data-testid="${testid}">
${main}
</main>
<footer class="foot">A demo OpenID Provider on this machine. Its accounts and keys are gone when it stops.</footer>
</div>
</body>
</html>
`.text;
}

/** @type {Readonly<Record<string, [string, string]>>} */
const scopes = {
  openid: ["Know that it is you", "An identifier that stays the same each time you sign in"],
  profile: ["See your profile", "Name, user name and role"],
  email: ["See your email address", "And whether it was confirmed"],
  api: ["Use the demo API for you", "Read your greeting and write notes"],
  offline_access: ["Stay connected", "Keep access while you are away, until you take it back"],
};

/** @param {{ uid: string, client: string, name?: string, failed?: boolean }} page */
export function signInPage({ uid, client, name, failed }) {
  return layout({
    title: "Sign in",
    testid: "provider-sign-in",
    step: "Sign in",
    main: html`<h1>Sign in</h1>
<p class="lead">to continue to <b>${client}</b></p>
${failed && html`<p class="alert" id="failure" role="alert" data-testid="provider-failure">That user name and password do not match. Try again, or use an account from the list below.</p>`}
<form method="post" action="/interaction/${uid}/login">
<label for="name">User name</label>
<input id="name" name="name" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required${!name && html` autofocus`}${failed && html` aria-describedby="failure" aria-invalid="true"`} value="${name}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${name && html` autofocus`}${failed && html` aria-describedby="failure" aria-invalid="true"`}>
<button class="primary" type="submit">Sign in</button>
</form>
<form method="post" action="/interaction/${uid}/cancel">
<button class="quiet" type="submit">Cancel and go back</button>
</form>
<aside class="hint" aria-label="Demo accounts">
<h2>Demo accounts</h2>
<dl>
<div><dt>alice</dt><dd>wonderland</dd></div>
<div><dt>bob</dt><dd>builder</dd></div>
</dl>
</aside>`,
  });
}

/**
 * The second step of a strong sign-in. The device is drawn on the same page: a demo sends no messages.
 *
 * @param {{ uid: string, client: string, name: string, code: string, failed?: boolean }} page
 */
export function confirmPage({ uid, client, name, code, failed }) {
  return layout({
    title: "Confirm it is you",
    testid: "provider-confirm",
    step: "Confirm",
    main: html`<h1>Confirm it is you</h1>
<p class="lead"><b>${client}</b> asks for more than a password, <b>${name}</b>. Type the code that your second device shows.</p>
${failed && html`<p class="alert" id="failure" role="alert" data-testid="provider-failure">That is not the code. Look at the device again.</p>`}
<aside class="device" aria-label="Your second device">
<span>Lantern code</span>
<output data-testid="provider-code">${code.slice(0, 3)} ${code.slice(3)}</output>
</aside>
<form method="post" action="/interaction/${uid}/confirm">
<label for="code">Code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required autofocus${failed && html` aria-describedby="failure" aria-invalid="true"`}>
<button class="primary" type="submit">Confirm</button>
</form>
<form method="post" action="/interaction/${uid}/cancel">
<button class="quiet" type="submit">Cancel and go back</button>
</form>`,
  });
}

/** @param {{ uid: string, client: string, user: { name: string, email: string }, scopes: readonly string[], claims: readonly string[], resources: readonly [string, readonly string[]][], details: readonly { type: string }[] }} page */
export function consentPage({ uid, client, user, scopes: requested, claims, resources, details }) {
  const initials = user.name
    .split(" ")
    .map((word) => word.charAt(0))
    .join("");
  return layout({
    title: "Allow access",
    testid: "provider-consent",
    step: "Allow access",
    main: html`<h1>Allow access?</h1>
<p class="lead"><b>${client}</b> asks for the following.</p>
<div class="person"><span class="avatar" aria-hidden="true">${initials}</span><span><b data-testid="provider-user">${user.name}</b><small>${user.email}</small></span></div>
<ul class="scopes">
${requested.map((scope) => {
  const [title, detail] = scopes[scope] ?? [scope, "A permission this provider has no description for"];
  return html`<li data-scope="${scope}"><b>${title}</b><small>${detail}</small></li>`;
})}
${claims.length > 0 && html`<li><b>See single details</b><small>${claims.join(", ")}</small></li>`}
${resources.map(([resource, names]) => html`<li><b>Use ${resource}</b><small>${names.join(", ")}</small></li>`)}
${details.map(({ type, ...rest }) => html`<li><b>Just this: ${type}</b><small>${JSON.stringify(rest)}</small></li>`)}
</ul>
<form class="pair" method="post" action="/interaction/${uid}/consent">
<button class="primary" type="submit" name="decision" value="allow">Allow</button>
<button class="secondary" type="submit" name="decision" value="deny">Deny</button>
</form>`,
  });
}

/** @param {{ form: string, name?: string, client?: string }} page */
export function signOutPage({ form, name, client }) {
  return layout({
    title: "Sign out",
    testid: "provider-sign-out",
    step: "Sign out",
    main: html`<h1>Sign out?</h1>
<p class="lead">${client ? html`<b>${client}</b> asks to end your session here${name && html`, <b>${name}</b>`}.` : html`This ends your session here${name && html`, <b>${name}</b>`}.`}
You will be asked for your password the next time.</p>
${trusted(form)}
<div class="pair">
<button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button class="secondary" type="submit" form="op.logoutForm">Stay signed in</button>
</div>`,
  });
}

/** @param {{ client?: string }} page */
export function signedOutPage({ client }) {
  return layout({
    title: "Signed out",
    testid: "provider-signed-out",
    main: html`<h1>You are signed out</h1>
<p class="lead">Your session${client && html` with <b>${client}</b>`} has ended. You can close this page.</p>`,
  });
}

/** @param {{ error: string, description?: string | undefined, hint?: string | undefined, back: string }} page */
export function errorPage({ error, description, hint, back }) {
  return layout({
    title: "Something is wrong",
    testid: "provider-error",
    main: html`<h1>This did not work</h1>
<p class="lead">The application that sent you here made a request that cannot be answered, or you stayed away too long.</p>
<dl class="facts">
<div><dt>Error</dt><dd data-testid="provider-error-code">${error}</dd></div>
${description && html`<div><dt>Reason</dt><dd>${description}</dd></div>`}
${hint && html`<div><dt>Hint</dt><dd>${hint}</dd></div>`}
</dl>
<p><a class="button primary" href="${back}">Back to the application</a></p>`,
  });
}

/** @param {{ issuer: string, back: string }} page */
export function homePage({ issuer, back }) {
  return layout({
    title: "Welcome",
    testid: "provider-home",
    main: html`<h1>An OpenID Provider, for trying things</h1>
<p class="lead">Applications send people here to sign in. It speaks the protocol for real; only its accounts are made up.</p>
<dl class="facts">
<div><dt>Issuer</dt><dd>${issuer}</dd></div>
<div><dt>Metadata</dt><dd><a href="/.well-known/openid-configuration">/.well-known/openid-configuration</a></dd></div>
</dl>
<p><a class="button primary" href="${back}">Open the demo application</a></p>`,
  });
}

/** What applications load in a frame that nobody sees, to ask whether the session here is still the same. */
export function checkSessionPage() {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Session</title>
<script src="/assets/check-session.js"></script>
</head>
<body></body>
</html>
`.text;
}

/** The last page of a sign-out, where applications have to be told. @param {{ frames: readonly string[], back: string }} page */
export function farewellPage({ frames, back }) {
  return layout({
    title: "Signing out",
    testid: "provider-farewell",
    main: html`<meta http-equiv="refresh" content="2; url=${back}">
<h1>Signing out</h1>
<p class="lead">Your applications are being told.</p>
${frames.map((url) => html`<iframe hidden src="${url}"></iframe>`)}
<p><a class="button primary" href="${back}">Continue</a></p>`,
  });
}
