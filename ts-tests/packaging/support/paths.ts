import path from "node:path";

/** `ts-tests/packaging`. */
export const packaging = path.dirname(import.meta.dirname);
export const workspace = path.join(packaging, "../..");
export const apps = path.join(packaging, "apps");
/** The package as an application has it: unpacked from the tarball, found by its name. */
export const installed = path.join(packaging, "node_modules/oidc-wasm");
/** Where built applications go. */
export const output = path.join(workspace, "target/packaging");
