import { run } from "../server.js";
import { createPage } from "./serve.js";

await run("Page", () => createPage());
