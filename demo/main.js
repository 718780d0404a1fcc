import { createApi } from "./api/index.js";
import { createProvider } from "./provider/index.js";
import { run } from "./server.js";
import { createPage } from "./spa/serve.js";

/** All three parts in one program; the page has to be built. */
await run("Demo", async () => {
  /** @type {{ url: string, close(): Promise<void> }[]} */
  const parts = [];
  const close = async () => {
    for (const part of parts.splice(0)) await part.close();
  };
  try {
    parts.push(await createProvider(), await createApi());
    const page = await createPage();
    parts.push(page);
    return { url: page.url, close };
  } catch (error) {
    await close();
    throw error;
  }
});
