import { installCommandOf } from "../project/install-command.ts";
import { causesOf, UnusableDatabaseError } from "./driver/database-errors.ts";

/** The packages that the driver of each database imports. All of them are optional: a project installs those of its own. */
const packages = {
  pglite: ["@electric-sql/pglite", "pg"],
  postgres: ["pg"],
  neon: ["@neondatabase/serverless"],
  mysql: ["mysql2"],
  sqlite: ["better-sqlite3"],
} as const;

/**
 * Imports a driver.
 * @throws {UnusableDatabaseError} when a package of the driver is not installed: which, and the command that installs it.
 */
export async function loadDriver<T>(name: keyof typeof packages, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const needed = packages[name];
    if (!causesOf(error).some((cause) => needed.some((each) => isMissing(cause, each)))) throw error;
    const which = needed.length === 1 ? `the package ${needed[0]}` : `the packages ${needed.join(" and ")}`;
    throw new UnusableDatabaseError(`This database needs ${which}. Run ${installCommandOf(needed)}, and start again.`, {
      cause: error,
    });
  }
}

/** Node names the package, or the file in it that was asked for, in quotation marks. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = String(message);
  return /MODULE_NOT_FOUND$/.test(String(code)) && (text.includes(`'${name}'`) || text.includes(`'${name}/`));
}
