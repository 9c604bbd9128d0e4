import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dialect } from "../../lib/database/driver/driver.ts";
import { TemporaryProject } from "../support/temporary-project.ts";

/** The files of `app/`, by their paths in a project, and what is in them. */
function handlerFiles(): Record<string, string> {
  const app = join(import.meta.dirname, "app");
  const files = readdirSync(app, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(app, file), "utf8")]));
}

/** A project as its author would have it on a database of this dialect: the handlers as they are, beside its `schema.ts`. */
export function assemble(dialect: Dialect): TemporaryProject {
  const schema = "convex/schema.ts";
  return new TemporaryProject({
    ...handlerFiles(),
    [schema]: readFileSync(join(import.meta.dirname, dialect, schema), "utf8"),
  });
}
