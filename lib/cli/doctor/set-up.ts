import { basename, join, relative } from "node:path";
import { compareApi } from "../../node/loading/generate-api.ts";
import { ownServer } from "../server/server-program.ts";
import { type Check, error, type Finding, ok, warning } from "./finding.ts";
import { textOf } from "./read-project.ts";

/** Without the provider every hook throws. */
export const provider: Check = ({ pages }) => {
  if (pages.size === 0) {
    return [
      error(
        "provider",
        "there is no app/ with pages in it",
        "Create app/layout.tsx: convex-lite is for the App Router.",
      ),
    ];
  }
  const file = [...pages].find(([, text]) => text.includes("<ConvexProvider"))?.[0];
  if (file !== undefined) return [ok("provider", `<ConvexProvider> is in ${file}`)];
  return [
    error(
      "provider",
      "no file of the App Router renders <ConvexProvider>",
      'In app/layout.tsx, import { ConvexProvider } from "convex-lite/react" and write <ConvexProvider>{children}</ConvexProvider>.',
    ),
  ];
};

/** Scripts that are still Next's serve pages without functions. */
export const scripts: Check = ({ manifest }) => {
  if (!manifest)
    return [error("scripts", "there is no package.json that can be read", "Run this in the folder of your project.")];
  return ["dev", "build", "start"].map((name): Finding => {
    const script = manifest.scripts?.[name];
    const wanted = `"${name}": "convex-lite ${name}"`;
    const remedy = `Write ${wanted} in package.json.`;
    if (script === undefined) return warning("scripts", `there is no script ${name}`, remedy);
    if (!new RegExp(`\\bnext ${name}\\b`).test(script)) return ok("scripts", `${name}: ${script}`);
    return error("scripts", `the script ${name} is "${script}", which serves no functions`, remedy);
  });
};

export const server: Check = ({ root }) => {
  const file = ownServer(root);
  if (file === undefined) return [ok("server", "none of its own, so every caller is anonymous")];
  const name = basename(file);
  if (textOf(root, name)?.includes("convex-lite/node")) return [ok("server", name)];
  return [error("server", `${name} does not import convex-lite/node`, "Let it call startServer({ identify }).")];
};

/** The folder holds the embedded database, and the token of commands. */
export const gitignore: Check = ({ root }) => {
  const lines = (textOf(root, ".gitignore") ?? "").split(/\r?\n/).map((line) => line.trim());
  if (lines.some((line) => /^\/?\.convex\/?$/.test(line))) return [ok("gitignore", ".convex/ is ignored")];
  return [
    warning(
      "gitignore",
      ".gitignore does not name .convex/, which holds the embedded database and the token of a running server",
      "Add the line /.convex/ to it.",
    ),
  ];
};

export const generated: Check = ({ root, invocation }) => {
  const { file, upToDate } = compareApi(join(root, "convex"));
  const shown = relative(root, file);
  if (upToDate) return [ok("codegen", `${shown} is up to date`)];
  return [error("codegen", `${shown} is out of date`, `Run ${invocation} codegen and commit it.`)];
};
