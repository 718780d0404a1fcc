import { run } from "../server.js";
import { createApi } from "./index.js";

await run("API", () => createApi());
