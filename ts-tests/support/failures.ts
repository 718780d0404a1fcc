import { writeFileSync } from "node:fs";
import type { Reporter } from "vitest/node";

/**
 * Writes what failed to the file that `OIDC_WASM_FAILURES` names, if it names one, so that `cargo xtask test` can say it where
 * somebody looks first: at the very end.
 */
export class Failures implements Reporter {
  onTestRunEnd(...[modules, unhandled]: Parameters<NonNullable<Reporter["onTestRunEnd"]>>): void {
    const path = process.env["OIDC_WASM_FAILURES"];
    if (!path) return;
    const found = unhandled.map(({ message }) => `outside of a test: ${firstLine(message)}`);
    for (const module of modules) {
      for (const { message } of module.errors()) found.push(`${module.relativeModuleId}: ${firstLine(message)}`);
      for (const suite of module.children.allSuites()) {
        for (const { message } of suite.errors()) found.push(`${module.relativeModuleId} > ${suite.fullName}: ${firstLine(message)}`);
      }
      for (const test of module.children.allTests("failed")) {
        const [error] = test.result().errors ?? [];
        found.push(`${module.relativeModuleId} > ${test.fullName}: ${firstLine(error?.message)}`);
      }
    }
    writeFileSync(path, found.map((line) => `${line}\n`).join(""));
  }
}

function firstLine(message = "no message"): string {
  const [line = ""] = message.split("\n");
  return line.slice(0, 300);
}
