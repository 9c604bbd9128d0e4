import { relative } from "node:path";
import type { PackageManager } from "../../project/package-manager.ts";
import { gitState } from "./git.ts";
import type { Choices } from "./plan/choices.ts";
import { isEmbedded } from "./plan/databases.ts";
import type { Step } from "./plan/step.ts";

/** Of the files that will be changed: those that git can bring back, and those that hold changes which it cannot. */
export interface Recovery {
  readonly committed: string[];
  readonly uncommitted: string[];
  /** Those of which git knows nothing, as there is none. */
  readonly unknown: string[];
}

/** Asks git about the files that will be changed. */
export function recoveryOf(root: string, steps: readonly Step[]): Recovery {
  const states = steps
    .filter(({ kind }) => kind === "change")
    .map(({ path }) => ({ path, state: gitState(root, path) }));
  const those = (wanted: string) => states.filter(({ state }) => state === wanted).map(({ path }) => path);
  return { committed: those("committed"), uncommitted: those("changed"), unknown: those("no git") };
}

/** How what was written is undone: a command, and the files that no command brings back. */
export function howToUndo({ committed, uncommitted, unknown }: Recovery, made: readonly string[]): string {
  const command = [
    ...(committed.length > 0 ? [`git checkout -- ${committed.join(" ")}`] : []),
    ...(made.length > 0 ? [`rm -r ${made.join(" ")}`] : []),
  ].join(" && ");
  const byHand = [...uncommitted, ...unknown];
  return [
    ...(command === "" ? [] : [`To undo it: ${command}`]),
    ...(byHand.length > 0 ? [`Changed as shown above, and to be changed back by hand: ${byHand.join(", ")}`] : []),
  ].join("\n");
}

const runsDev: Readonly<Record<PackageManager, string>> = {
  npm: "npm run dev",
  pnpm: "pnpm dev",
  yarn: "yarn dev",
  bun: "bun run dev",
};

/** What is left to the reader, and the one next command. */
export function whatIsNext(
  root: string,
  { packageManager, database }: Choices,
  steps: readonly Step[],
  isInstalled: boolean,
): string {
  const folder = relative(process.cwd(), root);
  const next = [
    ...(folder === "" ? [] : [`cd ${folder}`]),
    ...(isInstalled ? [] : [`${packageManager} install`]),
    runsDev[packageManager],
  ];
  return [
    ...(steps.some(({ kind }) => kind === "manual") ? ["Do by hand what is marked ! above."] : []),
    ...(isEmbedded(database) ? [] : ["Set DATABASE_URL in .env.local, as .env.example shows."]),
    `Next: ${next.join(" && ")}`,
  ].join("\n");
}
