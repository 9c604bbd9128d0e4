import { detect, getUserAgent } from "package-manager-detector/detect";
import { isPackageManager, type PackageManager } from "../../../project/package-manager.ts";
import { CommandError } from "../../terminal/command-error.ts";
import { type DatabaseName, databases } from "./databases.ts";
import type { Project } from "./project.ts";

/** What the flags say; what they leave out is decided by what the project has. */
export interface Wishes {
  database?: DatabaseName | undefined;
  example?: "chat" | "none" | undefined;
  packageManager?: PackageManager | undefined;
}

/** What is written, decided. */
export interface Choices {
  readonly database: DatabaseName;
  readonly example: "chat" | "none";
  readonly packageManager: PackageManager;
}

const SCHEMA = "convex/schema.ts";

/** @throws {CommandError} when the database that is asked for cannot hold the tables that are there. */
export async function choose(project: Project, wishes: Wishes): Promise<Choices> {
  return {
    database: chooseDatabase(project, wishes.database),
    // With a schema the project has functions of its own, or had the example and has removed it.
    example: wishes.example ?? (project.find(SCHEMA) ? "none" : "chat"),
    packageManager: wishes.packageManager ?? (await findPackageManager(project)),
  };
}

function chooseDatabase(project: Project, wished: DatabaseName | undefined): DatabaseName {
  const dialect = /["']drizzle-orm\/(pg|sqlite|mysql)-core["']/.exec(project.read(SCHEMA) ?? "")?.[1];
  if (dialect === undefined) return wished ?? "pglite";
  if (wished !== undefined) {
    if (databases[wished].dialect === dialect) return wished;
    throw new CommandError(
      `${SCHEMA} has tables of drizzle-orm/${dialect}-core, which --database ${wished} cannot hold. Leave the flag out, or move the tables first.`,
    );
  }
  const fitting = (Object.keys(databases) as DatabaseName[]).filter((name) => databases[name].dialect === dialect);
  const has = { ...project.manifest?.dependencies, ...project.manifest?.devDependencies };
  const installed = fitting.find((name) => Object.keys(databases[name].packages).every((driver) => driver in has));
  return installed ?? fitting[0] ?? "pglite";
}

async function findPackageManager({ root }: Project): Promise<PackageManager> {
  const found = await detect({ cwd: root, strategies: ["packageManager-field", "lockfile"] });
  return [found?.name, getUserAgent()].find(isPackageManager) ?? "npm";
}
