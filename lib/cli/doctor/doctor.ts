import { styleText } from "node:util";
import * as databaseChecks from "./database.ts";
import type { Check, Finding, Project } from "./finding.ts";
import * as nextChecks from "./next-settings.ts";
import * as packageChecks from "./packages.ts";
import { readProject } from "./read-project.ts";
import * as setUpChecks from "./set-up.ts";

/** All checks, by what they look at, in the order of the report. */
export const checks: Readonly<Record<string, Check>> = {
  node: packageChecks.node,
  packages: packageChecks.peers,
  copies: packageChecks.copies,
  typescript: packageChecks.typescript,
  provider: setUpChecks.provider,
  scripts: setUpChecks.scripts,
  server: setUpChecks.server,
  gitignore: setUpChecks.gitignore,
  codegen: setUpChecks.generated,
  database: databaseChecks.database,
  migrations: databaseChecks.migrations,
  port: databaseChecks.port,
  devOrigins: nextChecks.devOrigins,
  standalone: nextChecks.standalone,
  edge: nextChecks.edge,
};

/** Looks for mistakes in the set-up of a project. It changes nothing. @returns the exit code: 1 if there is an error. */
export async function doctor(root: string, { json }: { json: boolean }): Promise<number> {
  const project = await readProject(root);
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) findings.push(...(await findingsOf(name, check, project)));
  const isWell = findings.every(({ status }) => status !== "error");
  console.log(json ? JSON.stringify({ ok: isWell, findings }) : report(findings));
  return isWell ? 0 : 1;
}

/** What keeps a check from looking is an error to be told, and the others go on. */
async function findingsOf(name: string, check: Check, project: Project): Promise<Finding[]> {
  try {
    return await check(project);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return [{ check: name, status: "error", message }];
  }
}

const COLOURS = { ok: "green", warning: "yellow", error: "red" } as const;

function report(findings: readonly Finding[]): string {
  const lines = findings.map(({ check, status, message, todo }) => {
    const line = `${styleText(COLOURS[status], status.padEnd(7))}  ${check.padEnd(10)}  ${indented(message)}`;
    return todo === undefined ? line : `${line}\n${INDENT}${indented(todo)}`;
  });
  const count = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  return [...lines, "", `${count("error")} errors, ${count("warning")} warnings`].join("\n");
}

const INDENT = " ".repeat(21);

function indented(text: string): string {
  return text.replaceAll("\n", `\n${INDENT}`);
}
