import { constants, createHash, createHmac, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { type Answer, type Behaviour, type IdToken, type Members, type Part, publicKey, testKeys, Words } from "./flows.js";

/** The same moment as in `tests/flows`. */
export const START = 1_800_000_000;
export const CLIENT_ID = "spa";

interface Login {
  readonly state: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly code: string;
  readonly accessToken: string;
  exchanged: boolean;
}

/**
 * A small OpenID Provider over HTTP. It is honest, and refuses what an honest provider refuses, except where a
 * {@link Behaviour} says otherwise. Beside it there is a server of somebody else, which nothing should reach.
 */
export class MisbehavingProvider {
  behaviour: Behaviour = {};
  now = START;
  /** What reached it, and what reached the other server, since the last look. */
  requests: string[] = [];
  /** Everything that must not show up in an error. */
  readonly secrets = new Set<string>();
  readonly #logins: Login[] = [];
  #visits = 0;
  /** Parameters that were pushed and not visited yet, by their `request_uri`. */
  readonly #pushed = new Map<string, URLSearchParams>();
  #pushes = 0;

  private constructor(
    readonly redirectUri: string,
    readonly issuer: string,
    readonly evil: string,
    readonly servers: readonly Server[],
  ) {}

  static async start(redirectUri: string): Promise<MisbehavingProvider> {
    const [server, evil] = [createServer(), createServer()];
    const [issuer, evilUrl] = await Promise.all([listen(server), listen(evil)]);
    const provider = new MisbehavingProvider(redirectUri, issuer, evilUrl, [server, evil]);
    server.on("request", (request, response) => void provider.#answer(request, response));
    evil.on("request", (request, response) => {
      provider.requests.push(`${request.method} ${evilUrl}${request.url}`);
      response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" }).end("{}");
    });
    return provider;
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Forgets the people who signed in so far, and what was asked for them. */
  forget(): void {
    this.#logins.length = 0;
    this.secrets.clear();
    this.requests = [];
  }

  /** The person signs in and consents. An authorization request that is not exactly right is a failed test. */
  visit(url: string): void {
    const { origin, pathname, search, searchParams: asked } = new URL(url);
    // What was pushed is named, with the client and nothing else (AR-11), and named once (AR-12).
    const uri = asked.get("request_uri") ?? "";
    const names = search === `?client_id=${CLIENT_ID}&request_uri=${encodeURIComponent(uri)}`;
    const searchParams = (names && this.#pushed.get(uri)) || asked;
    this.#pushed.delete(uri);
    const get = (name: string): string => {
      const [value, ...more] = searchParams.getAll(name);
      if (value === undefined || more.length > 0) throw new Error(`The authorization request has ${name} ${more.length + 1} times.`);
      return value;
    };
    const fixed = [origin + pathname, get("client_id"), get("response_type"), get("code_challenge_method")].join(" ");
    if (fixed !== `${this.issuer}/authorize ${CLIENT_ID} code S256`) throw new Error(`A wrong authorization request: ${fixed}`);
    this.#visits += 1;
    const login = {
      state: get("state"),
      nonce: get("nonce"),
      challenge: get("code_challenge"),
      redirectUri: get("redirect_uri"),
      code: `code-${this.#visits}-${START}`,
      accessToken: `access-${this.#visits}-${START}`,
      exchanged: false,
    };
    for (const secret of [login.state, login.nonce, login.code, login.accessToken]) this.secrets.add(secret);
    this.#logins.push(login);
  }

  /** Fills in what is known after the visits so far. */
  words(more: Readonly<Record<string, string>> = {}): Words {
    const [first, last] = [this.#logins[0], this.#logins.at(-1)];
    // Longer names first, where one begins like another.
    return new Words(
      {
        issuer: this.issuer,
        iss: encodeURIComponent(this.issuer),
        evil: this.evil,
        clientId: CLIENT_ID,
        redirectUri: this.redirectUri,
        state: last?.state ?? "",
        code: last?.code ?? "",
        nonce: last?.nonce ?? "",
        earlierState: first?.state ?? "",
        earlierCode: first?.code ?? "",
        ...more,
      },
      this.now,
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "OPTIONS") {
      // A preflight: the browser asks whether the page may send its token here.
      const allowed = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization" };
      response.writeHead(204, { connection: "close", ...allowed }).end();
      return;
    }
    const body = await text(request);
    const { discovery, jwks, par, token, userinfo } = this.behaviour;
    switch (`${request.method} ${request.url}`) {
      case "GET /.well-known/openid-configuration":
        this.requests.push("discovery");
        return this.#respond(response, discovery, 200, this.#metadata());
      case "GET /jwks":
        this.requests.push("jwks");
        return this.#respond(response, jwks, 200, { keys: ["rsa-1", "ec-1", "ed-1"].map(publicKey) });
      case "POST /par": {
        this.requests.push("par");
        this.#pushes += 1;
        const uri = `urn:ietf:params:oauth:request_uri:${this.#pushes}`;
        this.#pushed.set(uri, new URLSearchParams(body));
        return this.#respond(response, par, 201, { request_uri: uri, expires_in: 60 });
      }
      case "POST /token": {
        this.requests.push("token");
        const login = this.#redeem(new URLSearchParams(body));
        if (!login) return this.#respond(response, token, 400, { error: "invalid_grant" });
        const idToken = this.#idToken(login);
        login.exchanged = true;
        this.secrets.add(idToken);
        const honest = { access_token: login.accessToken, token_type: "Bearer", expires_in: 300, scope: "openid profile", id_token: idToken };
        return this.#respond(response, token, 200, honest, { idToken, accessToken: login.accessToken });
      }
      case "GET /userinfo": {
        this.requests.push("userinfo");
        const known = this.#logins.some(({ accessToken }) => request.headers.authorization === `Bearer ${accessToken}`);
        return known
          ? this.#respond(response, userinfo, 200, { sub: "alice", email: "alice@example.com" })
          : this.#respond(response, userinfo, 401, { error: "invalid_token" });
      }
      default:
        this.requests.push(`${request.method} ${this.issuer}${request.url}`);
        response.writeHead(404, { "access-control-allow-origin": "*" }).end();
    }
  }

  #metadata(): Members {
    const at = (path: string): string => `${this.issuer}${path}`;
    return {
      issuer: this.issuer,
      authorization_endpoint: at("/authorize"),
      token_endpoint: at("/token"),
      userinfo_endpoint: at("/userinfo"),
      end_session_endpoint: at("/end"),
      jwks_uri: at("/jwks"),
      pushed_authorization_request_endpoint: at("/par"),
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256", "PS256", "ES256", "EdDSA"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
    };
  }

  /** The login whose code, verifier, client and redirect URI these are, if it was not redeemed before. */
  #redeem(form: URLSearchParams): Login | undefined {
    const get = (name: string): string => form.get(name) ?? "";
    this.secrets.add(get("code_verifier"));
    const challenge = createHash("sha256").update(get("code_verifier")).digest("base64url");
    return this.#logins.find(
      (login) =>
        form.size === 5 &&
        get("grant_type") === "authorization_code" &&
        get("client_id") === CLIENT_ID &&
        get("code") === login.code &&
        get("redirect_uri") === login.redirectUri &&
        challenge === login.challenge &&
        !login.exchanged,
    );
  }

  /** The ID Token for this login, made as the script says. */
  #idToken(login: Login): string {
    const script: IdToken = this.behaviour.idToken ?? {};
    const name = script.key ?? "rsa-1";
    const key = createPrivateKey({ key: testKeys[name] ?? {}, format: "jwk" });
    const algorithm = script.alg ?? usualAlgorithm(key);
    const hash = createHash(hashOf(algorithm)).update(login.accessToken).digest();
    const words = this.words({ atHash: hash.subarray(0, hash.length / 2).toString("base64url") });
    const json = (honest: Members, changes?: Members, instead?: string): Buffer =>
      Buffer.from(instead === undefined ? JSON.stringify(words.merge(honest, changes)) : words.text(instead));
    const claims = { iss: this.issuer, sub: "alice", aud: CLIENT_ID, nonce: login.nonce, iat: this.now, exp: this.now + 300 };
    const header = json({ alg: algorithm, kid: name, typ: "JWT" }, script.header, script.headerText).toString("base64url");
    const payload = script.claimsHex === undefined ? json(claims, script.claims, script.claimsText) : Buffer.from(script.claimsHex, "hex");
    const input = `${header}.${payload.toString("base64url")}`;
    const signature = makeSignature(script, name, key, algorithm, Buffer.from(input));
    const parts = { header, payload: payload.toString("base64url"), signature: signature.toString("base64url") };
    for (const part of Object.keys(parts) as Part[]) {
      if (script.tamper === part) parts[part] = changeOneCharacter(parts[part]);
      parts[part] += script.append?.[part] ?? "";
    }
    return new Words(parts, this.now).text(script.text ?? "$header.$payload.$signature");
  }

  #respond(response: ServerResponse, answer: Answer = {}, honestStatus: number, honest: Members, more: Readonly<Record<string, string>> = {}): void {
    const status = answer.status ?? honestStatus;
    const contentType = answer.contentType ?? "application/json";
    const headers: Record<string, string> = {
      // A connection that is used again would be tried again by the browser itself when it breaks.
      connection: "close",
      ...(answer.fault === "noCors" ? {} : { "access-control-allow-origin": "*" }),
      ...(contentType === "" ? {} : { "content-type": contentType }),
    };
    switch (answer.fault) {
      case "network":
        response.destroy();
        return;
      case "silent":
        return;
      case "slowBody":
        response.writeHead(status, headers).write("{");
        return;
      case "endless":
        response.writeHead(status, headers);
        pour(response);
        return;
      case "gzipBomb":
        response.writeHead(status, { ...headers, "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000, " ")));
        return;
      case "truncated":
        response.writeHead(status, { ...headers, "content-length": "1000" }).write("{", () => response.destroy());
        return;
      case "redirect":
        response.writeHead(status, { ...headers, location: `${this.evil}${response.req.url}` }).end();
        return;
      default:
        response.writeHead(status, headers).end(body(answer, honest, this.words(more)));
    }
  }
}

function body(answer: Answer, honest: Members, words: Words): Buffer {
  if (answer.hex !== undefined) return Buffer.from(answer.hex, "hex");
  if (answer.text !== undefined) return Buffer.from(words.text(answer.text).repeat(answer.times ?? 1));
  return Buffer.from(JSON.stringify(words.merge(honest, answer.body)));
}

/** Writes as long as somebody reads. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(16 * 1024, " ");
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", write);
  write();
}

function usualAlgorithm(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  return key.asymmetricKeyType === "ec" ? "ES256" : "EdDSA";
}

/** The hash inside an algorithm; that of Ed25519 matters for `at_hash` only. */
function hashOf(algorithm: string): string {
  return algorithm === "EdDSA" ? "sha512" : `sha${algorithm.slice(2)}`;
}

function makeSignature(script: IdToken, name: string, key: KeyObject, algorithm: string, message: Buffer): Buffer {
  const hmac = (secret: string | Buffer): Buffer => createHmac("sha256", secret).update(message).digest();
  const exported = createPublicKey(key);
  switch (script.signature) {
    case "empty":
      return Buffer.alloc(0);
    case "zeros":
      return Buffer.alloc(64);
    case "ecDer":
      return sign("sha256", message, { key, dsaEncoding: "der" });
    case "hmacPem":
      return hmac(exported.export({ type: "spki", format: "pem" }));
    case "hmacDer":
      return hmac(exported.export({ type: "spki", format: "der" }));
    case "hmacJwk":
      return hmac(JSON.stringify(publicKey(name)));
    default:
  }
  const saltLength = script.saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST;
  const padding = algorithm.startsWith("PS") ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } : {};
  return sign(algorithm === "EdDSA" ? null : hashOf(algorithm), message, { key, dsaEncoding: "ieee-p1363", ...padding });
}

function changeOneCharacter(text: string): string {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + (text[middle] === "A" ? "B" : "A") + text.slice(middle + 1);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function text(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

