import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../terminal/command-error.ts";
import type { Step } from "./plan/step.ts";

/** A step that writes a file. */
export type Written = Extract<Step, { kind: "create" | "change" }>;

/** Those of the steps that write a file. */
export function writtenBy(steps: readonly Step[]): Written[] {
  return steps.filter((step) => step.kind === "create" || step.kind === "change");
}

/**
 * Writes all files, or none.
 * @returns the paths that are new: folders stand for all that is in them.
 * @throws {CommandError} when a file cannot be written; those before it are as they were.
 */
export function writeSteps(root: string, steps: readonly Written[]): string[] {
  const made: string[] = [];
  const done: Written[] = [];
  for (const step of steps) {
    try {
      if (step.kind === "create") made.push(...newPath(root, step.path, made));
      done.push(step);
      writeFileSync(join(root, step.path), step.text);
    } catch (error) {
      takeBack(root, done, made);
      throw new CommandError(
        `Cannot write ${join(root, step.path)}: ${(error as Error).message}. Nothing was changed.`,
      );
    }
  }
  return made;
}

/** Makes the folder of a file. @returns what of its path is new: the topmost folder that was missing, else the file. */
function newPath(root: string, path: string, made: readonly string[]): string[] {
  const parts = path.split("/");
  const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  const missing = prefixes.find((prefix) => !existsSync(join(root, prefix)));
  mkdirSync(dirname(join(root, path)), { recursive: true });
  const isInside = prefixes.some((prefix) => made.includes(prefix));
  return missing === undefined || isInside ? [] : [missing];
}

function takeBack(root: string, done: readonly Written[], made: readonly string[]): void {
  for (const step of done) {
    try {
      if (step.kind === "change") writeFileSync(join(root, step.path), step.before);
    } catch {
      // It is the one that could not be written, and is unchanged.
    }
  }
  for (const path of made) rmSync(join(root, path), { recursive: true, force: true });
}
