import type { Choices } from "./choices.ts";
import { convexFolder } from "./function-files.ts";
import { packageJson, workspace } from "./package-files.ts";
import { pages } from "./page-files.ts";
import type { Project } from "./project.ts";
import { rootFiles } from "./root-files.ts";
import type { Step } from "./step.ts";

/**
 * Everything that `init` does to a project, as one list. Reads its files and writes none.
 * @param version The version of convex-lite that the project will depend on.
 */
export async function plan(project: Project, choices: Choices, version: string): Promise<Step[]> {
  return [
    ...packageJson(project, choices, version),
    ...(choices.packageManager === "pnpm" ? [workspace(project, choices)] : []),
    ...convexFolder(project, choices),
    ...rootFiles(project, choices),
    ...(await pages(project, choices)),
  ];
}
