import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../lib/cli/commands.ts";
import { allPages, readPage, root } from "./pages.ts";

/** How the program is called, up to the command: `npx convex-lite`, `pnpm dlx convex-lite`, the path in an image. */
const PROGRAM = /(?:(?:npx|bunx|pnpm|yarn|dlx|exec) convex-lite|\.bin\/convex-lite"?,?) "?([a-z][\w-]*)([^\n`|]*)/g;

interface Use {
  readonly command: string;
  readonly flags: readonly string[];
  readonly at: string;
}

/** Every use of the program in a document: in blocks, in tables and between the lines. */
function usesIn(path: string, text: string): Use[] {
  return [...text.matchAll(PROGRAM)].map(({ 1: command = "", 2: rest = "", index }) => ({
    command,
    flags: [...rest.replace(/#.*/, "").matchAll(/(?<=\s)--([a-z][\w-]*)/g)].map(([, flag = ""]) => flag),
    at: `${path}:${text.slice(0, index).split("\n").length}`,
  }));
}

/** The commands and flags of these uses that the program does not have. */
function unknown(uses: readonly Use[]): string[] {
  return uses.flatMap(({ command, flags, at }) => {
    const definition = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (!definition) return `${at}: ${command}`;
    const known = Object.keys(definition.args).flatMap((name) => [name, `no-${name}`]);
    return flags.filter((flag) => !known.includes(flag)).map((flag) => `${at}: ${command} --${flag}`);
  });
}

describe("the commands that documents show", () => {
  test("are there, with their flags", () => {
    expect(unknown(allPages().flatMap(({ path, text }) => usesIn(path, text)))).toEqual([]);
  });

  test("are all described in docs/command-line.md, with every flag", () => {
    const { text } = readPage("docs/command-line.md");
    const flags = Object.entries(commands).flatMap(([command, { args }]) =>
      Object.entries(args).map(([name, { type, ...arg }]) => {
        const isOnByDefault = type === "boolean" && arg.default === true;
        return { command, flag: type === "positional" ? command : `--${isOnByDefault ? "no-" : ""}${name}` };
      }),
    );
    expect(flags.length).toBeGreaterThan(10);
    const sections = new Map(text.split(/^## /m).map((section) => [section.split("\n", 1)[0], section]));
    expect(flags.filter(({ command, flag }) => !sections.get(command)?.includes(flag))).toEqual([]);
  });

  test("are found by another name of a command or a flag", () => {
    const text = "Run `npx convex-lite codgen` or\n```sh\nnpx convex-lite codegen --chek # --not this\n```\n";
    expect(unknown(usesIn("page", text))).toEqual(["page:1: codgen", "page:3: codegen --chek"]);
  });

  test("of pnpm are scripts of this repository", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const builtin = ["install", "add", "exec", "dlx", "drizzle-kit", "pack", "convex-lite", "changeset"];
    const code = allPages().flatMap(({ prose, blocks }) => [
      ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? ""),
      ...blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => text.split("\n")),
    ]);
    const named = code.flatMap((text) => /\bpnpm(?:@\d+)? (?:run )?([a-z][\w:-]*)/.exec(text)?.[1] ?? []);
    expect(named.filter((name) => !(name in scripts) && !builtin.includes(name))).toEqual([]);
  });
});
