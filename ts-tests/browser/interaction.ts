/** What the tests of windows, frames and sign-out share. */
import type { Page, Route } from "playwright-core";
import type { PlainOptions } from "../support/plain-options.ts";
import { slot } from "../support/slot.js";
import { Visit, type World } from "./support.js";

/** One of the application's pages. */
export const address = (name: string): string => `http://localhost:${slot().pagePort}/harness/${name}`;
/** A page that only hands over. */
export const TINY = address("tiny.html");
/** A page with nothing on it. */
export const EMPTY = address("empty.html");
/** A page that takes its response out of the address bar and says nothing. */
export const SILENT = address("silent.html");
/** A page with the whole application on it: {@link serveOptions} makes it work. */
export const APPLICATION = address("application.html");

/** What the provider loads in a frame when somebody signs out there. */
export const FAREWELL = address("farewell.html");

/** The client `spa`, allowed to come back to all of them. */
export const clients = [
  {
    client_id: "spa-windows",
    redirect_uris: [TINY, EMPTY, SILENT, APPLICATION, address("callback")],
    post_logout_redirect_uris: [TINY, EMPTY, SILENT, APPLICATION, address("")],
  },
];

/** The options of the client on {@link APPLICATION}. */
export async function serveOptions(visit: Visit, options: PlainOptions): Promise<void> {
  await visit.context.addInitScript((options) => void (window.options = options), options);
}

/** How the provider answers frames: what `answer` does with requests that frames of this page make. */
export async function inFrames(visit: Visit, pattern: string, answer: (route: Route) => unknown): Promise<void> {
  await visit.context.route(pattern, async (route) => {
    const isFramed = route.request().frame().parentFrame() !== null;
    await (isFramed ? answer(route) : route.fallback());
  });
}

/** The frames that are left on a page. */
export async function framesLeft(page: Page): Promise<number[]> {
  return [await page.evaluate(() => document.querySelectorAll("iframe").length), page.frames().length - 1];
}

/** Everything in `sessionStorage` and IndexedDB of a page. */
export async function kept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const found: unknown[] = [{ ...sessionStorage }];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.addEventListener("success", () => resolve(request.result));
        request.addEventListener("error", () => reject(request.error));
      });
      for (const store of database.objectStoreNames) {
        const request = database.transaction(store).objectStore(store).getAll();
        await new Promise((resolve) => request.addEventListener("success", resolve));
        found.push(request.result);
      }
      database.close();
    }
    return JSON.stringify(found);
  });
}

/** Another tab of the same person, on the provider's pages. */
export async function another(visit: Visit): Promise<Visit> {
  return new Visit(visit.world, visit.context, await visit.context.newPage(), visit.options);
}

/** How often somebody asked the provider to sign in. */
export const authorizations = (world: World): number => world.provider.log.count("GET", "/auth");
