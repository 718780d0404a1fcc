/**
 * What few applications use, and only now and then: a script of its own, which the client imports when somebody wants it.
 *
 * @module
 */
export { signInSilent, signOutSilent } from "./frame.js";
export { monitor } from "./monitor.js";
export { thirdPartySignIn } from "./third-party.js";
