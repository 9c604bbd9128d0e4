import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FunctionsFolder, scanFunctions } from "./scan-functions.ts";

const HEADER = `/**
 * References to the functions in this folder. Written by \`convex-lite codegen\`: do not edit, do commit.
 */
import { createReferences, type InternalReferences, type PublicReferences } from "convex-lite/client";
`;

const REGISTER_SCHEMA = `
declare module "convex-lite/server" {
  interface Register {
    schema: typeof import("../schema");
  }
}
`;

/**
 * Makes the text of `convex/_generated/api.ts`. Equal input gives equal bytes.
 *
 * The types are a nested literal of homomorphic mapped types, one for each module. Filtered keys, or a tree that is
 * inferred, would break go-to-definition, or give functions that call each other through `api` circular types.
 */
export function generateApi({ modules, hasSchema }: Pick<FunctionsFolder, "modules" | "hasSchema">): string {
  const tree = toTree(modules);
  return [
    HEADER,
    // Without functions no file imports the module that this extends, and the compiler would not find it.
    hasSchema && modules.length > 0 ? REGISTER_SCHEMA : "",
    `
/** Your public functions, for clients and functions alike: \`api.messages.list\`. */
export const api = createReferences<${printTree(tree, "PublicReferences", "")}>();

/** Your internal functions, for code on the server only: \`internal.messages.cleanUp\`. */
export const internal = /* @__PURE__ */ createReferences<${printTree(tree, "InternalReferences", "")}>("internal");
`,
  ].join("");
}

/**
 * Writes `_generated/api.ts` if its text has changed. The file is replaced in one step, so that it is never read half
 * written.
 * @param directory The absolute path of `convex/`.
 * @returns whether the file was out of date.
 */
export function writeApi(directory: string): boolean {
  const { file, text, upToDate } = compareApi(directory);
  if (upToDate) return false;
  mkdirSync(dirname(file), { recursive: true });
  const draft = join(dirname(file), `.api.${process.pid}.tmp`);
  writeFileSync(draft, text);
  renameSync(draft, file);
  return true;
}

/** Compares `_generated/api.ts` with the text that it should have. Writes nothing. */
export function compareApi(directory: string): Pick<FunctionsFolder, "notRead"> & ComparedApi {
  const file = join(directory, "_generated", "api.ts");
  const folder = scanFunctions(directory);
  const text = generateApi(folder);
  return { file, text, upToDate: readIfThere(file) === text, notRead: folder.notRead };
}

/** `_generated/api.ts`: its absolute path, the text that it should have, and whether it has it. */
interface ComparedApi {
  file: string;
  text: string;
  upToDate: boolean;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** A folder, a module, or both (`admin.ts` beside `admin/`). */
interface Branch {
  module?: string;
  children: Map<string, Branch>;
}

function toTree(modules: readonly string[]): Branch {
  const root: Branch = { children: new Map() };
  for (const module of [...modules].sort()) {
    let branch = root;
    for (const part of module.split("/")) {
      let child = branch.children.get(part);
      if (!child) {
        child = { children: new Map() };
        branch.children.set(part, child);
      }
      branch = child;
    }
    branch.module = module;
  }
  return root;
}

function printTree(branch: Branch, map: string, indent: string): string {
  const own = branch.module === undefined ? [] : [`${map}<typeof import("../${branch.module}")>`];
  if (own.length > 0 && branch.children.size === 0) return own[0] as string;
  const inner = `${indent}  `;
  const lines = [...branch.children].map(([name, child]) => `${inner}${key(name)}: ${printTree(child, map, inner)};\n`);
  return [...own, lines.length > 0 ? `{\n${lines.join("")}${indent}}` : "{}"].join(" & ");
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
