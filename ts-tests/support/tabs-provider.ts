import type { IncomingMessage, ServerResponse } from "node:http";
import { createProvider } from "../../demo/provider/index.js";

/** Clocks jump in these tests, so it costs no time. */
export const LIFETIME = 300;

type Started = Awaited<ReturnType<typeof createProvider>>;

/** What the provider tells about a token request that it has judged. */
interface TokenContext {
  readonly req: IncomingMessage;
  readonly body?: Record<string, unknown>;
  readonly oidc: {
    readonly params?: Record<string, string | undefined>;
    readonly entities: { readonly AccessToken?: { readonly grantId?: string; readonly accountId?: string } };
  };
}

/** One request at the token endpoint. */
export interface TokenRequest {
  /** In the order of their arrival. */
  readonly number: number;
  grantType: string | undefined;
  clientId: string | undefined;
  /** The grant that the refresh token came from: those of one family die together. */
  family: string | undefined;
  /** `ok`, or the error code that was answered. */
  outcome: string | undefined;
  description: string | undefined;
  /** What was handed out with it. */
  refreshToken: string | undefined;
}

/** A request that was stopped on its way. */
export interface Held {
  /** When it is there. */
  readonly reached: Promise<TokenRequest>;
  release(): void;
  /** Breaks its connection instead. */
  drop(): void;
}

interface Gate {
  readonly reached: (request: TokenRequest) => void;
  /** Whether the request goes on. */
  readonly open: Promise<boolean>;
}

/**
 * The demo's provider with a look at its token endpoint: who asked for what and with which outcome, its clock, its latency, and
 * places where a request can be stopped. It rotates refresh tokens, and revokes all of a grant when one comes a second time.
 */
export class TabsProvider {
  /** Lifetime of the access tokens that it issues, in seconds. */
  lifetime = LIFETIME;
  /** How long it thinks about a token request, in milliseconds. */
  latency = 0;
  /** Answers token requests instead of the provider while it is set. */
  outage: { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | undefined;
  #requests: TokenRequest[] = [];
  #count = 0;
  readonly #families = new Map<string, string>();
  readonly #owners = new Map<string, string>();
  readonly #running = new WeakMap<IncomingMessage, TokenRequest>();
  readonly #gates: Record<"arrival" | "answer", Gate[]> = { arrival: [], answer: [] };
  readonly #realNow = Date.now;
  #ahead = 0;

  private constructor(readonly started: Started) {
    const { server, provider } = started;
    const [handle] = server.listeners("request") as ((request: IncomingMessage, response: ServerResponse) => void)[];
    if (!handle) throw new Error("The provider does not listen.");
    server.removeAllListeners("request");
    server.on("request", (request, response) => {
      // Browsers send a request again by themselves when a connection breaks that was used before.
      response.shouldKeepAlive = false;
      if (request.method === "POST" && request.url === "/token") void this.#pass(request, response, handle);
      else handle(request, response);
    });
    provider.on("grant.success", (context: TokenContext) => this.#judged(context, "ok"));
    provider.on("grant.error", (context: TokenContext, error: { error: string; error_description?: string; error_detail?: string }) =>
      this.#judged(context, error.error, error.error_detail ?? error.error_description),
    );
    Date.now = () => this.#realNow.call(Date) + this.#ahead * 1000;
  }

  static async start(options: Parameters<typeof createProvider>[0]): Promise<TabsProvider> {
    const made: TabsProvider[] = [];
    // oidc-provider takes a function as well.
    const lifetime = (): number => made[0]?.lifetime ?? LIFETIME;
    const provider = new TabsProvider(await createProvider({ ...options, accessTokenSeconds: lifetime as unknown as number }));
    made.push(provider);
    return provider;
  }

  get url(): string {
    return this.started.url;
  }

  /** Token requests since the last {@link TabsProvider.forget}. */
  get requests(): readonly TokenRequest[] {
    return this.#requests;
  }

  get refreshes(): readonly TokenRequest[] {
    return this.#requests.filter(({ grantType }) => grantType === "refresh_token");
  }

  forget(): void {
    this.#requests = [];
    this.started.log.clear();
  }

  /** How far its clock is ahead, in seconds. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Its clock, and that of everything else in this process, jumps ahead. */
  advance(seconds: number): void {
    this.#ahead += seconds;
  }

  /** Stops the next token request: before the provider sees it, or when the provider has made its answer. */
  hold(where: "arrival" | "answer"): Held {
    let reached: Gate["reached"] = () => {};
    let decide: (goesOn: boolean) => void = () => {};
    const open = new Promise<boolean>((resolve) => (decide = resolve));
    const promise = new Promise<TokenRequest>((resolve) => (reached = resolve));
    this.#gates[where].push({ reached, open });
    return { reached: promise, release: () => decide(true), drop: () => decide(false) };
  }

  /** As it was at the start. What {@link TabsProvider.hold} asked for and nothing has met is taken back. */
  reset(): void {
    this.forget();
    this.lifetime = LIFETIME;
    this.latency = 0;
    this.outage = undefined;
    this.#ahead = 0;
    this.#gates.arrival.length = 0;
    this.#gates.answer.length = 0;
  }

  /** Whom an access token is about. */
  ownerOf(accessToken: string): string | undefined {
    return this.#owners.get(accessToken);
  }

  /** Whether a refresh token could be used now. */
  async isUsable(refreshToken: string): Promise<boolean> {
    const found = await this.started.provider.RefreshToken.find(refreshToken);
    return found !== undefined && found.consumed === undefined && (await this.started.provider.Grant.find(found.grantId)) !== undefined;
  }

  async close(): Promise<void> {
    Date.now = this.#realNow;
    await this.started.close();
  }

  async #pass(request: IncomingMessage, response: ServerResponse, handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
    this.#count += 1;
    const entry: TokenRequest = {
      number: this.#count,
      grantType: undefined,
      clientId: undefined,
      family: undefined,
      outcome: undefined,
      description: undefined,
      refreshToken: undefined,
    };
    this.#requests.push(entry);
    this.#running.set(request, entry);
    const goesOn = await this.#stop("arrival", entry);
    if (!goesOn) {
      entry.outcome = "lost";
      response.destroy();
      return;
    }
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency));
    const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse;
    response.end = ((...values: unknown[]) => {
      void this.#stop("answer", entry).then((goesOn) => (goesOn ? end(...values) : response.destroy()));
      return response;
    }) as typeof response.end;
    if (this.outage) {
      entry.grantType = new URLSearchParams(await text(request)).get("grant_type") ?? undefined;
      entry.outcome = String(this.outage.status);
      response.writeHead(this.outage.status, {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "retry-after",
        "content-type": "text/plain",
        ...this.outage.headers,
      });
      response.end("Closed for the moment.");
      return;
    }
    handle(request, response);
  }

  async #stop(where: "arrival" | "answer", entry: TokenRequest): Promise<boolean> {
    const gate = this.#gates[where].shift();
    gate?.reached(entry);
    return (await gate?.open) ?? true;
  }

  #judged({ req, body, oidc }: TokenContext, outcome: string, description?: string): void {
    const entry = this.#running.get(req);
    if (!entry) return;
    entry.grantType = oidc.params?.["grant_type"];
    entry.clientId = oidc.params?.["client_id"];
    entry.outcome = outcome;
    entry.description = description;
    entry.family = oidc.entities.AccessToken?.grantId ?? this.#families.get(oidc.params?.["refresh_token"] ?? "");
    const accessToken = body?.["access_token"];
    if (typeof accessToken === "string") this.#owners.set(accessToken, oidc.entities.AccessToken?.accountId ?? "");
    const refreshToken = outcome === "ok" ? body?.["refresh_token"] : undefined;
    if (typeof refreshToken !== "string") return;
    entry.refreshToken = refreshToken;
    this.#families.set(refreshToken, entry.family ?? "");
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
