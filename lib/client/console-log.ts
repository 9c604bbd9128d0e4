import type { Log } from "../environment/environment.ts";

/** Writes to the console of the browser or of Node. */
export const consoleLog: Log = { info: toConsole("info"), warn: toConsole("warn"), error: toConsole("error") };

function toConsole(level: keyof Log): Log[keyof Log] {
  return (message, ...about) => console[level](`convex-lite: ${message}`, ...about);
}
