import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { isOtherProcess, removeServerFile, type ServerFacts, writeServerFile } from "./server-file.ts";
import { type Settings, SettingsError } from "./settings.ts";

/** Where to listen. */
export interface PortOptions extends Pick<Settings, "host" | "port"> {
  /**
   * The folder in which to note the process that has the port, so that a later server of the project can name it, and how
   * `convex-lite run` reaches this one.
   * @default nothing is noted
   */
  directory?: string;
}

/** The servers that listen on a port, one for each address of the host. */
export interface BoundPort<Listening extends Server> {
  readonly servers: readonly Listening[];
  /** The port, also when the system has chosen it. */
  readonly port: number;
  /**
   * Notes this process as the one that has the port.
   * @param server How commands reach it. Default: it takes none.
   */
  note(server?: ServerFacts): void;
  /** Takes away what was noted. */
  forget(): void;
}

/**
 * Listens on a port. `localhost` means both of its addresses, IPv4 and IPv6, as far as the machine has them.
 * @param make Makes the server of one address.
 * @throws {SettingsError} when the port is in use, when this user may not use it, and when the host is not an address of
 *   this machine.
 */
export async function bindPort<Listening extends Server>(
  make: () => Listening,
  { host, port, directory }: PortOptions,
): Promise<BoundPort<Listening>> {
  const note = directory === undefined || port === 0 ? undefined : noteOf(directory, port);
  const servers: Listening[] = [];
  let token: string | undefined;
  for (const address of host === "localhost" ? ["127.0.0.1", "::1"] : [host]) {
    const server = make();
    try {
      if (await bind(server, address, portOf(servers) ?? port, servers.length === 0)) servers.push(server);
    } catch (error) {
      for (const other of servers) other.close();
      throw explain(error as NodeJS.ErrnoException, address, port, note);
    }
  }
  return {
    servers,
    port: portOf(servers) ?? port,
    note(server) {
      if (note !== undefined) writeNote(note);
      if (directory === undefined || server === undefined) return;
      token = server.token;
      writeServerFile(directory, server);
    },
    forget() {
      if (note !== undefined) rmSync(note, { force: true });
      if (directory !== undefined && token !== undefined) removeServerFile(directory, token);
    },
  };
}

/** Tells whether a port can be had, before a server is loaded that needs it. @throws {SettingsError} as `bindPort` does. */
export async function checkPort(options: PortOptions): Promise<void> {
  const { servers } = await bindPort(createServer, options);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}

/** The port that the system gave to the first server; the others use the same one. */
function portOf([first]: readonly Server[]): number | undefined {
  return (first?.address() as AddressInfo | null | undefined)?.port;
}

/** @returns false when the machine has no such address and it is not `required`. */
function bind(server: Server, host: string, port: number, required: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const absent = error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT";
      if (absent && !required) resolve(false);
      else reject(error);
    });
    server.listen({ port, host }, () => resolve(true));
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, note: string | undefined): Error {
  switch (error.code) {
    case "EADDRINUSE": {
      const owner = note === undefined ? undefined : ownerIn(note);
      const other = `or choose another port: PORT=${port + 1}`;
      return new SettingsError(
        owner === undefined
          ? `Port ${port} on ${host} is in use. Stop what runs there, ${other}.`
          : `Port ${port} on ${host} is in use by another server of this project, process ${owner}. Stop it (\`kill ${owner}\`), ${other}.`,
      );
    }
    case "EACCES":
      return new SettingsError(`Port ${port} may not be used by this user. Choose one from 1024 on: PORT=3000.`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new SettingsError(`HOST: expected an address of this machine. Found ${host}.`);
    default:
      return error;
  }
}

/** A server of the project, as it is noted. */
export interface NotedServer {
  readonly port: number;
  readonly pid: number;
}

/** The servers that are noted in a folder and whose processes run. */
export function notedServers(directory: string): NotedServer[] {
  try {
    return readdirSync(directory).flatMap((name) => {
      const port = Number(/^port-(\d+)\.pid$/.exec(name)?.[1] ?? Number.NaN);
      const pid = Number.isNaN(port) ? undefined : ownerIn(noteOf(directory, port));
      return pid === undefined ? [] : [{ port, pid }];
    });
  } catch {
    return [];
  }
}

function noteOf(directory: string, port: number): string {
  return join(directory, `port-${port}.pid`);
}

/** A note that cannot be written is missed only by the message of another server. */
function writeNote(note: string): void {
  try {
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, `${process.pid}\n`);
  } catch {}
}

/** The process that has noted itself, if it still runs. The note of one that was killed is left behind. */
function ownerIn(note: string): number | undefined {
  try {
    const pid = Number(readFileSync(note, "utf8"));
    return isOtherProcess(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}
