import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import next from "next";
import { type Settings, SettingsError } from "../process/settings.ts";

/** Next as a guest on our HTTP server. */
export interface NextServer {
  /** Resolves when pages can be asked for. @throws {SettingsError} in production, when nothing was built. */
  prepare(): Promise<void>;
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over an upgrade that is Next's own (its hot reload, in development). @returns false when it is not. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): boolean;
  close(): Promise<void>;
}

type UpgradeHandler = (request: IncomingMessage, connection: Duplex, head: Buffer) => unknown;

/** @param settings Next is told where it will be found; it listens nowhere itself. */
export function nextServer({ development, host, port }: Pick<Settings, "development" | "host" | "port">): NextServer {
  // Next puts an upgrade listener of its own on the server it is given, and ends every socket that it does not know:
  // ours, as soon as a route matches their path. This server never listens; it keeps that listener busy.
  const nobody = createServer();
  const app = next({ dev: development, hostname: host, port, httpServer: nobody, turbopack: true });
  const handle = app.getRequestHandler();
  return {
    async prepare() {
      try {
        await app.prepare();
      } catch (error) {
        if (!(error instanceof Error && error.message.includes("production build"))) throw error;
        throw new SettingsError("Expected a production build of the pages. Found none: run `pnpm build` first.");
      }
    },
    request: (request, response) => handle(request, response),
    upgrade(request, connection, head) {
      if (!development || !request.url?.startsWith("/_next/")) return false;
      // `getUpgradeHandler()` is public, and does nothing in Next 16: the handler that works has no type.
      const { upgradeHandler } = app as { upgradeHandler?: UpgradeHandler };
      if (upgradeHandler) upgradeHandler(request, connection, head);
      else nobody.emit("upgrade", request, connection, head);
      return true;
    },
    close: () => app.close(),
  };
}
