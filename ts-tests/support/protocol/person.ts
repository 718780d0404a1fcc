/** Whom the provider's pages are shown to, and what this person answers there. */
export interface Answering {
  readonly account: string;
  readonly answer: "allow" | "deny";
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

/** A person with a browser without script: keeps cookies, follows redirects, sends forms. */
export class Person {
  readonly #cookies = new Map<string, string>();

  constructor(
    readonly origin: string,
    readonly answering: Answering,
  ) {}

  /** Opens a URL and goes where it leads, up to the first page, or to the first URL of another origin. */
  async open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    let [at, body] = [new URL(url), form && new URLSearchParams(form).toString()];
    for (let hops = 0; hops < 20 && at.origin === this.origin; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(at, {
        redirect: "manual",
        headers: {
          accept: "text/html",
          cookie,
          "x-account": this.answering.account,
          "x-answer": this.answering.answer,
          ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(body === undefined ? {} : { method: "POST", body }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "" || line.includes("expires=Thu, 01 Jan 1970")) this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
      const location = response.headers.get("location");
      if (location === null) return { url: at.href, status: response.status, html: await response.text() };
      [at, body] = [new URL(location, at), undefined];
    }
    return { url: at.href, status: 0, html: "" };
  }

  /** Sends the form of a page, with these fields besides its hidden ones. */
  async submit(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const action = /<form[^>]*\baction="([^"]+)"/.exec(page.html)?.[1];
    if (action === undefined) throw new Error(`There is no form at ${page.url}: ${page.status} ${page.html}`);
    const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    return this.open(new URL(action, page.url).href, {
      ...Object.fromEntries(hidden.map(([, name = "", value = ""]) => [name, value])),
      ...fields,
    });
  }
}
