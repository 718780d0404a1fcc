// The reference of every published entry, by TypeDoc, from the declarations that the package has.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Application, LogLevel } from "typedoc";

/** Where the navigation of TypeDoc names pages of the site: it knows addresses only, and these have to be relative. */
export const SITE = "https://site.invalid/";

/** What the declarations name of the web, for programs that have no types of it: no part of the package. */
const OF_THE_WEB = ["BufferSource", "CryptoKeyPair", "RequestInfo", "WasmModule", "WebCryptoMember"];

/** Writes the reference into `out`. TypeDoc's warnings fail it: they are about comments that mislead. */
export async function writeApi(root, out) {
  const { exports } = JSON.parse(await readFile(path.join(root, "pkg/package.json"), "utf8"));
  const entries = new Map();
  for (const [name, conditions] of Object.entries(exports)) {
    const types = declarationOf(conditions);
    if (types) entries.set(path.join(root, "pkg", types), path.posix.join("oidc-wasm", name));
  }
  const app = await Application.bootstrap({
    name: "oidc-wasm",
    entryPoints: [...entries.keys()],
    tsconfig: path.join(import.meta.dirname, "tsconfig.json"),
    basePath: path.join(root, "pkg/dist"),
    readme: "none",
    disableSources: true,
    hideGenerator: true,
    // Its links miss the anchors of names with a slash.
    includeHierarchySummary: false,
    excludePrivate: true,
    navigationLinks: { Documentation: `${SITE}index.html` },
    intentionallyNotExported: OF_THE_WEB,
    logLevel: LogLevel.Warn,
    treatWarningsAsErrors: true,
    validation: { notExported: true, invalidLink: true, rewrittenLink: true },
  });
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc could not read the declarations in pkg/dist; its own message stands above.");
  for (const module of project.children ?? []) {
    const file = [...entries.keys()].find((name) => path.basename(name, ".d.ts") === module.name);
    if (file) module.name = entries.get(file);
  }
  app.validate(project);
  await app.generateDocs(project, out);
  const isClean = !app.logger.hasErrors() && !app.logger.hasWarnings();
  if (!isClean) throw new Error("TypeDoc has warned; its messages stand above.");
}

/** The declarations that an entry of `exports` leads to, whatever conditions it has. */
function declarationOf(conditions) {
  if (typeof conditions === "string") return undefined;
  if (typeof conditions.types === "string") return conditions.types;
  return declarationOf(conditions.default ?? {});
}
