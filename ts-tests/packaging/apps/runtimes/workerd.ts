/** Cloudflare Workers: the addresses come in a request, the report is the answer. */
import * as oidc from "oidc-wasm";
import type { Servers } from "../../../support/protocol/world.js";
import { check } from "./check.js";

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await check(oidc, (await request.json()) as Servers));
  },
};
