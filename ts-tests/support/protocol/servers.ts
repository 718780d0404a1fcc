import { startProvider } from "./provider.js";
import { startRfcServer } from "./rfc-server.js";
import type { Servers } from "./world.js";

/** The real provider, and the server of our own for what it lacks. */
export async function startServers(): Promise<{ servers: Servers } & AsyncDisposable> {
  const rfc = await startRfcServer();
  const provider = await startProvider(`${rfc.address.origin}/backchannel-logout`);
  return {
    servers: { provider: provider.address, rfc: rfc.address },
    async [Symbol.asyncDispose]() {
      await Promise.all([provider.server[Symbol.asyncDispose](), rfc.server[Symbol.asyncDispose]()]);
    },
  };
}
