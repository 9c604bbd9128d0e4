import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installCommandOf } from "../../project/install-command.ts";
import { invocation } from "../terminal/invocation.ts";
import type { Manifest, Project } from "./finding.ts";

/** Reads what the checks look at. */
export async function readProject(root: string): Promise<Project> {
  return {
    root,
    manifest: manifestOf(root),
    pages: pagesOf(root),
    nextConfig: nextConfigOf(root),
    invocation: invocation(),
    add: installCommandOf([], root),
  };
}

/** A text of the project; undefined when there is no such file. */
export function textOf(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}

function manifestOf(root: string): Manifest | undefined {
  try {
    return JSON.parse(textOf(root, "package.json") ?? "") as Manifest;
  } catch {
    return undefined;
  }
}

function pagesOf(root: string): Map<string, string> {
  const folder = ["app", "src/app"].find((each) => existsSync(join(root, each)));
  if (folder === undefined) return new Map();
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => /\.[jt]sx?$/.test(file)).sort();
  return new Map(
    sources.map((file) => [`${folder}/${file.replaceAll("\\", "/")}`, textOf(root, join(folder, file)) ?? ""]),
  );
}

function nextConfigOf(root: string): Project["nextConfig"] {
  const file = ["ts", "mts", "js", "mjs", "cjs"]
    .map((ending) => `next.config.${ending}`)
    .find((each) => existsSync(join(root, each)));
  if (file === undefined) return undefined;
  return { file, text: (textOf(root, file) ?? "").replace(/^\s*(\/\/|\/?\*).*$/gm, "") };
}
