import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { MessagePort } from "node:worker_threads";
import type { Log } from "../../environment/environment.ts";
import type { Driver } from "../driver/driver.ts";
import { type EmbeddedDriver, isEmbedded } from "./embedded-driver.ts";

/** Tools can reach the embedded database until this is closed. */
export interface PostgresProtocolServer {
  close(): Promise<void>;
}

/**
 * In development, lets tools such as drizzle-kit use the embedded database of this process, which no other process may
 * open. They connect to a Unix socket beside the database, as to any PostgreSQL server. Its name is the one that `pg`
 * and `psql` expect, and only this user can open it. `drizzle.config.ts` finds it by the file `<directory>.socket`.
 *
 * Does nothing for a database that is not embedded, and on Windows, where `pg` does not support such sockets.
 */
export async function servePostgresProtocol(driver: Driver, log: Log): Promise<PostgresProtocolServer> {
  if (!isEmbedded(driver) || process.platform === "win32") return { close: async () => {} };
  const { folder, made } = socketFolder(driver.directory);
  const path = join(folder, ".s.PGSQL.5432");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    bridge(socket, driver);
  });
  // A socket that exists was left by a process that crashed: this process holds the directory's lock.
  rmSync(path, { force: true });
  await new Promise<void>((listening, failed) => server.once("error", failed).listen(path, listening));
  server.on("error", (error) => log.warn("Tools cannot reach the embedded database.", { reason: error.message }));
  chmodSync(path, 0o600);
  server.unref();
  writeFileSync(`${driver.directory}.socket`, folder);
  return {
    close: async () => {
      rmSync(`${driver.directory}.socket`, { force: true });
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
      // Only a folder that was made for the socket, never the database's own.
      if (made) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The socket's folder: the database's, or a temporary one when that path is too long (107 bytes on Linux, 103 on
 * macOS).
 */
function socketFolder(directory: string): { folder: string; made: boolean } {
  const beside = resolve(dirname(directory));
  if (Buffer.byteLength(join(beside, ".s.PGSQL.5432")) <= 103) return { folder: beside, made: false };
  return { folder: mkdtempSync(join(tmpdir(), "convex-lite-")), made: true };
}

/** Codes of requests that a client may send before, or instead of, the startup message. */
const sslRequest = 80877103;
const gssRequest = 80877104;
const cancelRequest = 80877102;

/** Serves one connection of a tool: declines encryption, then passes bytes on unchanged in both directions. */
function bridge(socket: Socket, driver: EmbeddedDriver): void {
  let port: MessagePort | undefined;
  let first: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    if (port) return send(port, chunk);
    first = Buffer.concat([first, chunk]);
    for (; first.length >= 8 && isRequest(first.readInt32BE(4)); first = first.subarray(8)) {
      if (first.readInt32BE(4) === cancelRequest) return socket.destroy();
      socket.write("N");
    }
    if (first.length < 8) return;
    port = openPort(socket, driver);
    if (port) send(port, first);
  });
  socket.on("error", () => {});
  socket.on("close", () => port?.close());
}

function isRequest(code: number): boolean {
  return code === sslRequest || code === gssRequest || code === cancelRequest;
}

function openPort(socket: Socket, driver: EmbeddedDriver): MessagePort | undefined {
  const port = driver.openPort();
  if (!port) {
    socket.destroy();
    return undefined;
  }
  port.on("message", (bytes: Uint8Array) => socket.write(bytes));
  port.on("close", () => socket.end());
  return port;
}

function send(port: MessagePort, chunk: Buffer): void {
  const own = new Uint8Array(chunk);
  port.postMessage(own, [own.buffer]);
}
