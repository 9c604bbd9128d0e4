import { basename } from "node:path";
import { editPackageJson, type Needed } from "../edits/package-json.ts";
import { editWorkspace } from "../edits/workspace.ts";
import type { Choices } from "./choices.ts";
import { databases, newAppPackages, packages } from "./databases.ts";
import type { Project } from "./project.ts";
import { change, type Step } from "./step.ts";

/** `package.json`: scripts and dependencies. A script of the project's own is the reader's to change. */
export function packageJson(project: Project, choices: Choices, version: string): Step[] {
  const path = "package.json";
  const before = project.read(path);
  const { text, others } = editPackageJson(before ?? newManifest(project), needed(project, choices, version));
  const byHand = others.map(({ name, found, wanted }): Step => {
    return {
      kind: "manual",
      path,
      why: `runs "${found}" as ${name}. It should run:`,
      text: `"${name}": "${wanted}"\n`,
    };
  });
  return [change(path, before, text), ...byHand];
}

function needed({ manifest }: Project, { database }: Choices, version: string): Needed {
  const app = manifest ? { dependencies: {}, devDependencies: {} } : newAppPackages;
  const drivers = databases[database].packages;
  return {
    dependencies: { "convex-lite": `^${version}`, ...packages.dependencies, ...drivers, ...app.dependencies },
    devDependencies: { ...packages.devDependencies, ...app.devDependencies },
  };
}

function newManifest({ root }: Project): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  const manifest = {
    name: name || "app",
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** `pnpm-workspace.yaml`: without it pnpm ends the install with an error. */
export function workspace(project: Project, { database }: Choices): Step {
  const path = project.workspaceFile;
  const before = project.read(path);
  // Next's optional image library has an install script, too, and works without it.
  const builds = { esbuild: true, sharp: false, ...databases[database].builds };
  const text = editWorkspace(before ?? "", builds);
  if (text !== undefined) return change(path, before, text);
  const lines = Object.entries(builds).map(([name, allowed]) => `  ${name}: ${allowed}\n`);
  return { kind: "manual", path, why: "has a list of builds that cannot be added to. It needs:", text: lines.join("") };
}
