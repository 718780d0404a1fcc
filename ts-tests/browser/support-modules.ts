/** Private modules of the face, for tests that need several pages and no client. */
export { lock, unlock } from "../../pkg-template/src/locks.js";
export { openStore } from "../../pkg-template/src/stores.js";
export { listenToTabs } from "../../pkg-template/src/tabs.js";
