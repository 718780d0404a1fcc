import path from "node:path";
import { pathToFileURL } from "node:url";
import { vi } from "vitest";
import { packageFolder } from "./package.ts";

/** The script that the client loads for frames. Private: only `client.ts` names it. */
export interface Interaction {
  signInSilent<T>(steps: Steps<T>, options: FrameOptions, errors: unknown): Promise<T>;
  signOutSilent(steps: Steps<boolean>, options: FrameOptions, errors: unknown): Promise<{ remote: boolean }>;
  monitor(
    steps: {
      check(): Promise<{ endpoint?: string; message?: string }>;
      silent(): Promise<unknown>;
      ended(failure: unknown): unknown;
      stopped(reason: string): unknown;
    },
    options: { intervalSeconds?: number; signal: AbortSignal; orSignal?: AbortSignal },
    errors: unknown,
  ): Promise<boolean>;
  thirdPartySignIn(asked: { loginHint?: string; targetLinkUri?: string }, options: object): object;
}

interface Steps<T> {
  prepare(): Promise<{ url?: string; state?: string; form?: Record<string, string> }>;
  finish(url: string): Promise<T>;
}

interface FrameOptions {
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

export async function loadInteraction(): Promise<Interaction> {
  return (await import(pathToFileURL(path.join(packageFolder, "dist/interaction.js")).href)) as Interaction;
}

/** As far as this page may look at what is in a frame. */
export interface FakeWindow {
  /** `undefined` for a page of another origin. */
  href: string | undefined;
  readonly posted: { readonly data: unknown; readonly targetOrigin: string }[];
}

export class FakeFrame extends EventTarget {
  name = "";
  src = "";
  readonly sandbox = { value: "" };
  readonly style = { display: "" };
  isThere = false;
  readonly window: FakeWindow = { href: "about:blank", posted: [] };
  readonly contentWindow: object;

  constructor() {
    super();
    const { window } = this;
    this.contentWindow = {
      get location() {
        if (window.href === undefined) throw new DOMException("Blocked a frame from accessing a cross-origin frame.", "SecurityError");
        return { href: window.href };
      },
      postMessage: (data: unknown, targetOrigin: string) => void window.posted.push({ data, targetOrigin }),
    };
  }

  /** A page has loaded in it. */
  load(href?: string): void {
    this.window.href = href;
    this.dispatchEvent(new Event("load"));
  }

  remove(): void {
    this.isThere = false;
  }
}

/** What frames need of a page, on top of what `openPage` gives; it counts what has to be gone at the end. */
export class FakeDocument extends EventTarget {
  readonly frames: FakeFrame[] = [];
  readonly submitted: { readonly action: string; readonly target: string; readonly fields: Record<string, string> }[] = [];
  readonly window = new EventTarget();
  hidden = false;
  #listeners = 0;
  readonly documentElement = {
    append: (child: unknown) => {
      if (child instanceof FakeFrame) child.isThere = true;
    },
  };

  constructor(readonly origin = "https://app.example.com") {
    super();
    vi.stubGlobal("document", this);
    vi.stubGlobal("location", { origin, href: `${origin}/` });
    vi.stubGlobal("addEventListener", (type: string, handler: EventListener, options?: AddEventListenerOptions) => {
      this.#count(options);
      this.window.addEventListener(type, handler, options);
    });
  }

  /** Handlers on the page that are still there. */
  get listeners(): number {
    return this.#listeners;
  }

  get present(): FakeFrame[] {
    return this.frames.filter(({ isThere }) => isThere);
  }

  get frame(): FakeFrame {
    const frame = this.frames.at(-1);
    if (!frame) throw new Error("There is no frame.");
    return frame;
  }

  override addEventListener(...[type, handler, options]: Parameters<EventTarget["addEventListener"]>): void {
    this.#count(options as AddEventListenerOptions);
    super.addEventListener(type, handler, options);
  }

  createElement(tag: string): unknown {
    if (tag === "iframe") {
      const frame = new FakeFrame();
      this.frames.push(frame);
      return frame;
    }
    if (tag === "input") return {};
    const inputs: { name: string; value: string }[] = [];
    const { submitted } = this;
    return {
      action: "",
      target: "",
      append: (input: { name: string; value: string }) => void inputs.push(input),
      submit(this: { action: string; target: string }) {
        const fields = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
        submitted.push({ action: this.action, target: this.target, fields });
      },
      remove: () => {},
    };
  }

  /** A message that reaches this page. */
  message(data: unknown, source: unknown = this.frame.contentWindow, origin = this.origin): void {
    this.window.dispatchEvent(Object.assign(new Event("message"), { data, source, origin }));
  }

  /** The page's policy has forbidden something. */
  violate(violation: Partial<SecurityPolicyViolationEvent>): void {
    this.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), { disposition: "enforce", effectiveDirective: "frame-src", ...violation }));
  }

  #count(options: AddEventListenerOptions | undefined): void {
    this.#listeners += 1;
    options?.signal?.addEventListener("abort", () => (this.#listeners -= 1));
  }
}
