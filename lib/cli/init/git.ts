import { spawnSync } from "node:child_process";

/** What git knows of a file: `committed` has no other changes; `changed` has some, or git does not keep it. */
export type GitState = "committed" | "changed" | "no git";

/** Asks git about one file. Without git, or outside of a repository, it is "no git". */
export function gitState(root: string, path: string): GitState {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain", "--ignored", "--", path], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) return "no git";
  return stdout.trim() === "" ? "committed" : "changed";
}
