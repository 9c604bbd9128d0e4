import { editAgents } from "../edits/agents.ts";
import { editGitignore } from "../edits/gitignore.ts";
import { gitignoreOfNewApp, tsconfig } from "../templates/new-app.ts";
import { agentRules, drizzleConfig, envExample, server } from "../templates/project.ts";
import type { Choices } from "./choices.ts";
import { databases } from "./databases.ts";
import type { Project } from "./project.ts";
import { change, create, type Step } from "./step.ts";

/** The server, the settings of tools, and what is told of the project: files of the project's own folder. */
export function rootFiles(project: Project, { database }: Choices): Step[] {
  const env = envExample(databases[database].url);
  return [
    ...(project.manifest ? [] : [create({ path: "tsconfig.json", text: tsconfig, mark: /./ }, undefined)]),
    oneOf(project, ["server.ts", "server.mts", "server.js", "server.mjs"], server, /convex-lite\/node/),
    oneOf(project, ["ts", "mts", "js", "mjs"].map(drizzleConfigIn), drizzleConfig, /convex-lite\/drizzle-kit/),
    oneOf(project, [".env.example"], env, /DATABASE_URL/),
    gitignore(project),
    agents(project),
  ];
}

const drizzleConfigIn = (ending: string) => `drizzle.config.${ending}`;

/** A file that may have several names. If it has none of them it gets the first. */
function oneOf(project: Project, paths: string[], text: string, mark: RegExp): Step {
  const path = project.find(...paths) ?? paths[0] ?? "";
  return create({ path, text, mark }, project.read(path));
}

function gitignore(project: Project): Step {
  const before = project.read(".gitignore");
  return change(".gitignore", before, editGitignore(before ?? (project.manifest ? "" : gitignoreOfNewApp)));
}

function agents(project: Project): Step {
  const before = project.read("AGENTS.md");
  return change("AGENTS.md", before, editAgents(before ?? "", agentRules));
}
