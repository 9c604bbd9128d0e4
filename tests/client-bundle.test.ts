import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectOfTests, root } from "./support/compile.ts";
import { parse } from "./support/syntax-tree.ts";
import { TemporaryProject } from "./support/temporary-project.ts";

const next = createRequire(join(root, "package.json")).resolve("next/dist/bin/next");

/** The project of the tests, in a folder inside this one: it finds the framework and the packages. */
let project: TemporaryProject;
beforeAll(() => {
  project = new TemporaryProject();
  for (const part of ["app", "convex"]) cpSync(join(projectOfTests, part), project.path(part), { recursive: true });
  cpSync(join(root, "tsconfig.json"), project.path("tsconfig.json"));
  const config = { turbopack: { root }, typescript: { ignoreBuildErrors: true }, productionBrowserSourceMaps: true };
  project.write("next.config.mjs", `export default ${JSON.stringify(config)};\n`);
});
afterAll(() => project?.[Symbol.dispose]());

/** Those that build still. Their workers are of their process groups: none outlives the test, however it ends. */
const building = new Set<ChildProcess>();
afterAll(() => {
  for (const { pid } of building) process.kill(-(pid as number), "SIGKILL");
});

/** Runs `next build` as far as the code for browsers goes. @returns the exit code and what was printed. */
async function build(): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [next, "build", "--experimental-build-mode", "compile"], {
    cwd: project.root,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  building.add(child);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => printed.push(chunk));
  const [code] = await once(child, "close");
  building.delete(child);
  return { code: code ?? 1, output: stripVTControlCharacters(Buffer.concat(printed).toString()) };
}

const shipped = (extension: string): string[] =>
  globSync(`.next/static/**/*.${extension}`, { cwd: project.root }).map((path) =>
    readFileSync(project.path(path), "utf8"),
  );

describe("what a browser is sent", () => {
  beforeAll(async () => {
    // A text that is in no file but this handler.
    const file = readFileSync(project.path("convex/messages.ts"), "utf8");
    project.write("convex/messages.ts", file.replace("db.query", '("only-the-server-says-this", db).query'));
    const { code, output } = await build();
    expect(code, output).toBe(0);
  });

  test("names functions by their references", () => {
    const code = shipped("js").join("\n");
    expect(code).toMatch(/\.messages\.send\b/);
    expect(code).toContain("convex-lite.functionPath");
  });

  test("holds no text of a handler, no name of a table, and nothing of drizzle and zod", () => {
    const code = [...shipped("js"), ...shipped("css")].join("\n");
    const secrets = ["only-the-server-says-this", "findMany", "messages_by_channel", "created_at", "pgTable"];
    const packages = ["drizzle", "zod", "Zod", "invalid_type", "pglite", "server-only"];
    expect([...secrets, ...packages].filter((text) => code.includes(text))).toEqual([]);
  });

  test("is made of the rooms that may be in a browser, and of no file in convex/ but the generated one", () => {
    const sources = shipped("map").flatMap((map) => sourcesOf(JSON.parse(map)));
    const ours = [...new Set(sources.map((source) => decodeURI(source)))];
    expect(ours).toContainEqual(expect.stringMatching(/lib\/react\/use-query\.ts$/));
    expect(ours).toContainEqual(expect.stringMatching(/convex\/_generated\/api\.ts$/));
    expect(ours.filter((source) => /\/convex\/(?!_generated\/)/.test(source))).toEqual([]);
    expect(
      ours.filter((source) => /node_modules\/(\.pnpm\/)?(zod|drizzle|@electric-sql|ws|pg)\b/.test(source)),
    ).toEqual([]);
    const rooms = /\/lib\/((react|client|protocol|values|environment)\/|functions\/(reference|query-key)\.ts$)/;
    const framework = ours.filter(
      (source) => !source.includes("node_modules") && /\/lib\/[a-z]+\/[\w-]+\.ts$/.test(source),
    );
    expect(framework.filter((source) => !rooms.test(source))).toEqual([]);
  });
});

interface SourceMap {
  sources?: string[];
  sections?: { map: SourceMap }[];
}
const sourcesOf = ({ sources = [], sections = [] }: SourceMap): string[] => [
  ...sources,
  ...sections.flatMap(({ map }) => sourcesOf(map)),
];

describe("a client component that imports a function itself", () => {
  test("does not build, and the one error says who does it and what to do instead", async () => {
    project.write(
      "app/mistake.tsx",
      `"use client";
import { listByChannel } from "@/convex/messages";
export const Mistake = () => <p>{typeof listByChannel}</p>;
`,
    );
    project.write("app/page.tsx", 'import { Mistake } from "./mistake";\nexport default () => <Mistake />;\n');
    const { code, output } = await build();
    expect(code).not.toBe(0);
    expect(output).toContain("Turbopack build failed with 1 error");
    expect(output).toContain("'server-only' cannot be imported from a Client Component module");
    expect(output).toContain("A client component imports a file of convex/ by value.");
    expect(output).toContain('Import `api` from "convex/_generated/api" instead.');
    expect(output).toContain("app/mistake.tsx [Client Component Browser]");
  });
});

test("in a browser build every name that functions are defined with is there, so that nothing else is reported", () => {
  const names = (file: string) => {
    const { exports } = parse(file, readFileSync(join(root, "lib/entries", file), "utf8"));
    return exports.flatMap(({ exportName, isType }) => (isType ? [] : exportName.name)).sort();
  };
  expect(names("server.ts")).toContain("query");
  expect(names("server.browser.ts")).toEqual(names("server.ts"));
});
