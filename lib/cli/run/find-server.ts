import { join } from "node:path";
import { notedServers } from "../../node/process/port.ts";
import { isOtherProcess, readServerFile } from "../../node/process/server-file.ts";
import { foreseeSettings } from "../../node/process/settings.ts";
import { CommandError } from "../terminal/command-error.ts";
import { UsageError } from "../terminal/usage-error.ts";

/** Where a command is sent, and what shows that it may be run. */
export interface CommandServer {
  /** The address of the application, without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/**
 * The server that runs the functions of a project: that of `--url`, else the one that has written `.convex/server.json`.
 * @param url Of a server anywhere. Its token is `CONVEX_LITE_TOKEN`.
 * @returns undefined when the project has no server on this machine, so that its database may be opened here.
 * @throws {CommandError} when it has one that takes no commands.
 */
export async function findServer(root: string, url: string | undefined): Promise<CommandServer | undefined> {
  if (url !== undefined) return serverAt(url);
  const directory = join(root, ".convex");
  const facts = readServerFile(directory);
  // A server that was killed leaves its file, and its number may be another process's now.
  if (facts && isOtherProcess(facts.pid) && (await answers(facts.url))) return { url: facts.url, token: facts.token };
  for (const { port, pid } of notedServers(directory)) {
    if (!(await answers(`http://${hostToCall(root)}:${port}`))) continue;
    throw new CommandError(
      `The server of this project (process ${pid}, port ${port}) takes no commands. In production it does if it is started ` +
        "with CONVEX_LITE_ADMIN=1. To run a function beside it would change rows without telling its pages.",
    );
  }
  return undefined;
}

function serverAt(url: string): CommandServer {
  const token = process.env.CONVEX_LITE_TOKEN;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--url takes the address of a server, such as https://app.example. Found: ${url}.`);
  }
  if (!token) {
    throw new UsageError(
      "--url needs CONVEX_LITE_TOKEN in the environment: the token in .convex/server.json of that server, which it writes in production when it is started with CONVEX_LITE_ADMIN=1.",
    );
  }
  return { url: url.replace(/\/+$/, ""), token };
}

/** Does a server of ours listen there? */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_MS) });
    const health: unknown = await response.json();
    return typeof health === "object" && health !== null && "status" in health;
  } catch {
    return false;
  }
}

/** Milliseconds in which a server of this machine says how it is: it does so before anything else. */
const PROBE_MS = 5_000;

function hostToCall(root: string): string {
  const { host } = foreseeSettings(root);
  return host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
}
