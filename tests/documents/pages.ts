import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** A fenced block of a page. */
export interface Block {
  /** The word behind the fence: `ts`, `sh`. */
  readonly language: string;
  readonly text: string;
  /** The line of the page on which its text begins, counted from 1. */
  readonly line: number;
  /** The file that it shows: its first line is a comment that holds nothing but a path. */
  readonly file: string | undefined;
}

/** A document: its path from the root, and what it holds. */
export interface Page {
  readonly path: string;
  readonly text: string;
  /** The fields between the two lines of dashes at its head; none where it has no such lines. */
  readonly front: Readonly<Record<string, string>>;
  readonly blocks: readonly Block[];
  /** The text without its fenced blocks. */
  readonly prose: string;
}

/** The pages in `docs/`, for those who use the framework. */
export function docsPages(): Page[] {
  return globSync("docs/**/*.md", { cwd: root }).sort().map(readPage);
}

/** Every document that people read. */
export function allPages(): Page[] {
  return [...["README.md", "CONTRIBUTING.md", "AGENTS.md"].map(readPage), ...docsPages()];
}

export function readPage(path: string): Page {
  return parsePage(path, readFileSync(join(root, path), "utf8"));
}

export function parsePage(path: string, text: string): Page {
  const front = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1] ?? "";
  const blocks = [...text.matchAll(/^( *)```(\w+)[^\n]*\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const [, , language = "", block = ""] = match;
    return {
      language,
      text: block,
      line: text.slice(0, match.index).split("\n").length + 1,
      file: /^(?:\/\/|#) ([\w./[\]()-]+\.\w+)\n/.exec(block)?.[1],
    };
  });
  return {
    path,
    text,
    front: Object.fromEntries(
      [...front.matchAll(/^(\w+): (.+)$/gm)].map(([, name, value]) => [name, unquoted(value ?? "")]),
    ),
    blocks,
    prose: text.replace(/^( *)```[\s\S]*?^\1```$/gm, ""),
  };
}

/** A value of front matter: YAML needs quotes around one with a colon. */
function unquoted(value: string): string {
  return value.replace(/^"(.*)"$/, "$1");
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ prose }: Page): string[] {
  const seen = new Map<string, number>();
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** A link of a page to another file or heading. */
export interface Link {
  readonly shown: string;
  /** As it stands: a path from the page's folder; "" for the page itself. */
  readonly path: string;
  readonly anchor: string | undefined;
  readonly isPicture: boolean;
}

/** The links of a page, but for those to other sites. */
export function linksOf({ prose }: Page): Link[] {
  const links = prose.matchAll(/(!?)\[([^\]]*)\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g);
  return [...links].map(([, mark, shown = "", path = "", anchor]) => ({
    shown,
    path,
    anchor,
    isPicture: mark === "!",
  }));
}
