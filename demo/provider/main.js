import { run } from "../server.js";
import { createProvider } from "./index.js";

await run("OpenID Provider", () => createProvider());
