import type { ArgsDef } from "citty";
import { UsageError } from "./terminal/usage-error.ts";

/** The flags of commands that run a server. */
export const addressFlags = {
  port: { type: "string", valueHint: "PORT", description: "The port, instead of PORT in the environment" },
  host: { type: "string", valueHint: "HOST", description: "The address to listen on, instead of HOST" },
} as const satisfies ArgsDef;

/**
 * Sets `PORT` and `HOST` for this process and those that it starts.
 * @throws {UsageError} when the port is none.
 */
export function useAddress({ port, host }: { port?: string | undefined; host?: string | undefined }): void {
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new UsageError(`--port takes a number from 0 to 65535. Found: ${port}.`);
  }
  if (port !== undefined) process.env.PORT = port;
  if (host !== undefined) process.env.HOST = host;
}
