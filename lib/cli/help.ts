import { stripVTControlCharacters, styleText } from "node:util";
import { type CommandDef, renderUsage } from "citty";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { invocation } from "./terminal/invocation.ts";

const ENVIRONMENT = `Environment (also from .env files):
  PORT            the port of the server (3000)
  HOST            the host name or address on which it listens (localhost)
  DATABASE_URL    the database; without it an embedded one, in .convex/
  TRUST_PROXY     how many proxies stand in front (0)
  ALLOWED_HOSTS   development: further names of this server`;

/** The help of the program: every command in a line, and the environment variables. */
export async function helpOfAll(): Promise<string> {
  const description = "Live queries and mutations inside your Next.js app";
  const subCommands = Object.fromEntries(
    Object.entries(commands).map(([name, { description }]) => [name, { meta: { description } }]),
  );
  return `${await render({ meta: { name: invocation(), description }, subCommands })}\n\n${ENVIRONMENT}`;
}

/** The help of one command: its arguments and flags. */
export async function helpOf(name: string, { description, args }: Command): Promise<string> {
  return render({ meta: { name: `${invocation()} ${name}`, description }, args });
}

/** citty's text. It holds colours wherever `NO_COLOR` is not 1; here they are left out where stdout does not show them. */
async function render(command: CommandDef): Promise<string> {
  const text = (await renderUsage(command)).replace(/ +$/gm, "").trim();
  const hasColours = styleText("bold", "x", { stream: process.stdout }) !== "x";
  return hasColours ? text : stripVTControlCharacters(text).replace(/ +$/gm, "");
}
