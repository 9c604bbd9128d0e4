import { neonConfig } from "@neondatabase/serverless";
import { afterAll, expect, test } from "vitest";
import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { startWebsocketProxy } from "../../../tests/support/databases/contract/websocket-proxy.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import { openNeon } from "./neon.ts";

const log = { info() {}, warn() {}, error() {} };

const proxy = await startWebsocketProxy();
afterAll(() => proxy.close());

await describeWithPostgres("Neon's driver", (server) => {
  const serverPort = Number(new URL(server.url).port || 5432);

  /** The server's address for Neon's driver, with a proxy that leads to this port. */
  const through = (port: number): string => {
    const url = new URL(server.url);
    url.searchParams.set("driver", "neon");
    url.searchParams.set("wsproxy", `ws://127.0.0.1:${proxy.port}/port-${port}`);
    return url.href;
  };

  behavesAsDriver("Neon's driver", {
    dialect: "pg",
    open: ({ port = serverPort, ...options }) => openNeon({ url: through(port), log, ...options }),
    cutConnections: () => server.endConnections(),
    port: serverPort,
    writersConflict: true,
    reopens: true,
  });

  test("leaves the package's shared settings unchanged", async () => {
    const before = neonConfig.useSecureWebSocket;
    const driver = await openNeon({ url: through(serverPort), schema: {}, log });
    expect(driver.description).toBe(`Neon at ${new URL(server.url).hostname}${new URL(server.url).pathname}`);
    expect(neonConfig.useSecureWebSocket).toBe(before);
    expect(typeof neonConfig.wsProxy).toBe("function");
    await driver.close();
  });
});
