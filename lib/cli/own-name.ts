import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * In a clone of this repository the app imports the framework by the name in `package.json`, as the framework is no package
 * of it there.
 * @param root The folder of the project.
 * @returns why the app cannot run, if it is such a clone and its name was changed.
 */
export function renamed(root: string): string | undefined {
  const own = resolve(import.meta.dirname, "../..");
  if (resolve(root) !== own) return undefined;
  const { name } = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
  if (name === "convex-lite") return undefined;
  return (
    `Expected "name": "convex-lite" in package.json. Found ${JSON.stringify(name)}. In a clone of convex-lite the app imports ` +
    "the framework by this name. Change it back, or begin an app of your own with `npx convex-lite init`."
  );
}
