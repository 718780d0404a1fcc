/** Runs the scenarios of every endpoint where a page has to: with the package as bundlers see it, in a browser. */
import * as oidc from "oidc-wasm";
import { exactRequests } from "../../support/protocol/exact.js";
import { scenarios } from "../../support/protocol/scenarios.js";
import { type Servers, World } from "../../support/protocol/world.js";

declare global {
  interface Window {
    oidc: typeof oidc;
    /** Runs one scenario; its result as JSON. */
    runScenario(servers: Servers, group: string, rule: string): Promise<string>;
    /** Calls one request function. */
    runExactRequest(name: string, address: string): Promise<void>;
  }
}

window.oidc = oidc;
window.runScenario = async (servers, group, rule) => {
  const scenario = scenarios[group]?.find((scenario) => scenario.rule === rule);
  if (!scenario) throw new Error(`There is no scenario ${rule}.`);
  return JSON.stringify(await scenario.run(new World(oidc, servers)));
};
window.runExactRequest = async (name, address) => {
  const request = exactRequests.find((request) => request.name === name);
  if (!request) throw new Error(`There is no request ${name}.`);
  await request.run(oidc, address);
};
await oidc.init();
document.body.dataset["ready"] = "yes";
