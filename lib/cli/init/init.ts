import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ask, canAsk } from "./ask.ts";
import { howToUndo, recoveryOf, whatIsNext } from "./finish.ts";
import { install } from "./install.ts";
import { checkProject } from "./plan/check-project.ts";
import { choose, type Wishes } from "./plan/choices.ts";
import { plan } from "./plan/plan.ts";
import { Project } from "./plan/project.ts";
import { showSteps } from "./show-steps.ts";
import { type Written, writeSteps, writtenBy } from "./write-steps.ts";

/** What `init` takes. */
export interface InitOptions extends Wishes {
  /** Do it without a question. */
  yes: boolean;
  /** Only say what would be done. */
  dryRun: boolean;
  /** Install the packages afterwards. */
  install: boolean;
  /** Go on although the version of Next is not supported. */
  force: boolean;
  /** The version of convex-lite that the project will depend on. */
  version: string;
}

/**
 * Makes a Next.js project use convex-lite, or an empty folder a new app: looks, says what it will do, asks, and does it.
 * @param folder The project's folder, from the working directory.
 * @returns the exit code.
 * @throws {CommandError} when the project cannot have convex-lite, or a file cannot be written.
 */
export async function init(folder: string, options: InitOptions): Promise<number> {
  const project = new Project(resolve(folder));
  checkProject(project, options.force);
  const choices = await choose(project, options);
  const steps = await plan(project, choices, options.version);
  console.log(`${project.manifest ? "convex-lite in" : "A new app in"} ${project.root}\n\n${showSteps(steps)}\n`);
  const recovery = recoveryOf(project.root, steps);
  if (recovery.uncommitted.length > 0) {
    console.log(`Not committed yet, so git cannot bring back what they hold now: ${recovery.uncommitted.join(", ")}\n`);
  }
  const written = writtenBy(steps);
  if (options.dryRun) return say("Nothing was written (--dry-run).");
  if (written.length > 0) {
    const answer = options.yes || !canAsk() || (await ask("Do this?"));
    if (answer === undefined) return 130;
    if (!answer) return say("Nothing was written.", 1);
  }
  const made = writeSteps(project.root, written);
  say(written.length > 0 ? `Written. ${howToUndo(recovery, made)}` : "Everything is there already.");
  const isInstalled = !needsInstall(project.root, written);
  if (options.install && !isInstalled) await install(project.root, choices.packageManager);
  return say(whatIsNext(project.root, choices, steps, options.install || isInstalled));
}

function needsInstall(root: string, written: readonly Written[]): boolean {
  return written.some(({ path }) => path === "package.json") || !existsSync(join(root, "node_modules"));
}

function say(text: string, code = 0): number {
  console.log(text);
  return code;
}
