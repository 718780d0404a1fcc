/** Node, Deno and Bun: the addresses come as an argument, the report goes to the standard output. */
import process from "node:process";
import * as oidc from "oidc-wasm";
import type { Servers } from "../../../support/protocol/world.js";
import { check } from "./check.js";

const [, , servers = ""] = process.argv;
process.stdout.write(JSON.stringify(await check(oidc, JSON.parse(servers) as Servers)));
