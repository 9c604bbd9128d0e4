import { CommandError } from "../../terminal/command-error.ts";
import type { Project } from "./project.ts";

/**
 * Can this project have convex-lite?
 * @throws {CommandError} when it is not a Next.js app, has no App Router, or a version of Next that is too old; `force` allows the last.
 */
export function checkProject(project: Project, force: boolean): void {
  if (!project.manifest) return;
  const { next, root } = project;
  if (next === undefined) {
    throw new CommandError(
      `Expected a Next.js project. ${root}/package.json does not name next. For a new app name a new folder: init my-app.`,
    );
  }
  if (!force && isTooOld(next)) {
    throw new CommandError(
      `convex-lite needs Next.js 16.4 or later. This project has ${next}. Upgrade it first (npx @next/codemod upgrade), or try it all the same with --force.`,
    );
  }
  if (!project.find("app", "src/app")) {
    const found = project.find("pages", "src/pages");
    throw new CommandError(
      `convex-lite needs the App Router. This project has no app/ or src/app/${found ? `, only ${found}/` : ""}. Create app/layout.tsx and app/page.tsx first; pages of both routers may stand side by side.`,
    );
  }
}

/** A version, or a range of `package.json`: `16.0.3`, `^15.4.1`. Others, such as `latest`, are taken for new. */
function isTooOld(version: string): boolean {
  const [, sign, major, minor] = /^(\^|~)?(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (major === undefined || Number(major) > 16) return false;
  if (Number(major) < 16) return true;
  return sign !== "^" && minor !== undefined && Number(minor) < 4;
}
