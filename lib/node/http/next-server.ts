import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import next from "next";
import { invocationOf } from "../../project/package-manager.ts";
import { type Settings, SettingsError } from "../process/settings.ts";

/** Next, which renders the pages, without a port of its own. */
export interface NextServer {
  /** The `basePath` of `next.config`, such as `/shop`; empty if there is none. Known when `prepare` has resolved. */
  readonly basePath: string;
  /**
   * Starts Next.
   * @returns a promise that resolves when pages can be rendered.
   * @throws {SettingsError} in production, when there is no production build.
   */
  prepare(): Promise<void>;
  /**
   * Lets Next answer a request.
   * @returns a promise that resolves when Next has handled it.
   */
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /**
   * Lets Next answer an upgrade request for its hot reload, which exists in development only.
   * @returns false when the upgrade is not for Next; the connection is untouched then.
   */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): boolean;
  /**
   * Stops Next.
   * @returns a promise that resolves when Next has released what it held.
   */
  close(): Promise<void>;
}

type UpgradeHandler = (request: IncomingMessage, connection: Duplex, head: Buffer) => unknown;

/**
 * Makes Next's server for the application in the working directory. Call it after `offerRuntime`, so that server
 * components find the engine.
 * @param settings The address of the server, which Next needs for absolute URLs; it does not listen itself.
 * @returns Next, which renders pages once `prepare` has resolved.
 * @example
 * const next = nextServer(readSettings());
 * await next.prepare();
 */
export function nextServer({ development, host, port }: Pick<Settings, "development" | "host" | "port">): NextServer {
  // Next adds an upgrade listener to the server it is given, and that ends every socket that is not Next's: also those of
  // the engine, as soon as a route matches their path. So Next is given a server that never listens.
  const unused = createServer();
  const app = next({ dev: development, hostname: host, port, httpServer: unused, turbopack: true });
  const handle = app.getRequestHandler();
  return {
    get basePath() {
      // Next has no public way to its configuration.
      const { server } = app as { server?: { server?: { nextConfig?: { basePath?: string } } } };
      return server?.server?.nextConfig?.basePath ?? "";
    },
    async prepare() {
      try {
        await app.prepare();
      } catch (error) {
        if (!(error instanceof Error && error.message.includes("production build"))) throw error;
        throw new SettingsError(
          `Expected a production build of the pages. Found none: run \`${invocationOf("convex-lite build")}\` first.`,
        );
      }
    },
    request: (request, response) => handle(request, response),
    upgrade(request, connection, head) {
      // `basePath` and `assetPrefix` may stand before it.
      if (!development || !request.url?.split("?", 1)[0]?.includes("/_next/")) return false;
      // The public `getUpgradeHandler()` does nothing in Next 16; the property that works is not in Next's types.
      const { upgradeHandler } = app as { upgradeHandler?: UpgradeHandler };
      if (upgradeHandler) upgradeHandler(request, connection, head);
      else unused.emit("upgrade", request, connection, head);
      return true;
    },
    close: () => app.close(),
  };
}
