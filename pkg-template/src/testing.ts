/**
 * The testing kit: an OpenID Provider in memory, so that applications test sign-in without a server. For tests only; nothing of the
 * client is in here.
 *
 * @module
 */
export { TestClock } from "./testing/clock.js";
export { TestProvider } from "./testing/provider.js";
export type * from "./testing/types.js";
