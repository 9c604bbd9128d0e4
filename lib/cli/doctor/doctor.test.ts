import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { generateApi } from "../../node/loading/generate-api.ts";
import { checks, doctor } from "./doctor.ts";
import type { Finding } from "./finding.ts";
import { isInRange } from "./installed.ts";
import { readProject } from "./read-project.ts";

const API = generateApi({ modules: ["notes"], hasSchema: true });

/** A project in which nothing is to be said. */
const WELL = {
  ".gitignore": "node_modules\n/.convex/\n",
  "package.json": JSON.stringify({
    scripts: { dev: "convex-lite dev", build: "convex-lite build", start: "convex-lite start" },
  }),
  "server.ts": 'import { startServer } from "convex-lite/node";\nawait startServer();\n',
  "next.config.ts": "export default {};\n",
  "app/layout.tsx": "export default ({ children }) => <ConvexProvider>{children}</ConvexProvider>;\n",
  "convex/schema.ts":
    'import { sqliteTable, text } from "drizzle-orm/sqlite-core";\nexport const notes = sqliteTable("notes", { text: text() });\n',
  "convex/notes.ts": "export const helper = 1;\n",
  "convex/_generated/api.ts": API,
};

let project: TemporaryProject;
beforeEach(() => {
  project = new TemporaryProject(WELL);
  vi.stubEnv("DATABASE_URL", "");
  vi.stubEnv("HOST", "");
  vi.stubEnv("npm_config_user_agent", "npm/11.19.0 node/v24.21.0 linux x64");
});
afterEach(() => {
  project[Symbol.dispose]();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What one check says of the project. */
async function found(name: keyof typeof checks): Promise<readonly Finding[]> {
  return (await checks[name]?.(await readProject(project.root))) ?? [];
}
const ok = (message: string) => [expect.objectContaining({ status: "ok", message })];
const bad = (status: "warning" | "error", message: RegExp, todo: RegExp) => [
  { check: expect.any(String), status, message: expect.stringMatching(message), todo: expect.stringMatching(todo) },
];

describe("in a project in which all is well", () => {
  test.each([
    ["node", `Node ${process.versions.node}`],
    ["provider", "<ConvexProvider> is in app/layout.tsx"],
    ["server", "server.ts"],
    ["gitignore", ".convex/ is ignored"],
    ["codegen", "convex/_generated/api.ts is up to date"],
    ["database", "embedded; npx convex-lite dev makes it"],
    ["devOrigins", "open http://localhost in development: 127.0.0.1 needs allowedDevOrigins"],
  ])("%s is ok", async (name, message) => {
    expect(await found(name)).toEqual(ok(message));
  });

  test("scripts are ok, and there is nothing to say of copies, standalone and edge", async () => {
    expect((await found("scripts")).map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
    for (const name of ["copies", "standalone", "edge"]) expect(await found(name)).toEqual([]);
  });
});

describe("what is wrong is said with what to do", () => {
  test("no provider, or no pages", async () => {
    project.write("app/layout.tsx", "export default ({ children }) => children;");
    expect(await found("provider")).toEqual(bad("error", /no file of the App Router/, /ConvexProvider>\{children\}/));
    project.delete("app");
    expect(await found("provider")).toEqual(bad("error", /no app\//, /Create app\/layout.tsx/));
    project.write("src/app/providers.tsx", "<ConvexProvider>");
    expect(await found("provider")).toEqual(ok("<ConvexProvider> is in src/app/providers.tsx"));
  });

  test("scripts that are Next's", async () => {
    project.write(
      "package.json",
      JSON.stringify({ scripts: { dev: "next dev --turbopack", build: "convex-lite build" } }),
    );
    const [dev, build, start] = await found("scripts");
    expect(dev).toMatchObject({ status: "error", todo: 'Write "dev": "convex-lite dev" in package.json.' });
    expect([build?.status, start?.status]).toEqual(["ok", "warning"]);
    project.write("package.json", "no JSON");
    expect(await found("scripts")).toEqual(bad("error", /no package.json/, /in the folder of your project/));
  });

  test("a server.ts of something else", async () => {
    project.write("server.ts", "import http from 'node:http';");
    expect(await found("server")).toEqual(bad("error", /does not import/, /startServer/));
    project.delete("server.ts");
    expect(await found("server")).toEqual(ok("none of its own, so every caller is anonymous"));
    project.write("server.mts", WELL["server.ts"]);
    expect(await found("server")).toEqual(ok("server.mts"));
  });

  test("the folder with the database and the token is not ignored", async () => {
    project.write(".gitignore", "node_modules\n#.convex\n");
    expect(await found("gitignore")).toEqual(bad("warning", /token/, /\/\.convex\//));
  });

  test("generated references of other functions", async () => {
    project.write("convex/more.ts", "");
    expect(await found("codegen")).toEqual(bad("error", /out of date/, /npx convex-lite codegen/));
  });

  test("a database that cannot be reached", async () => {
    vi.stubEnv("DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/x");
    project.write(
      "convex/schema.ts",
      'import { pgTable, text } from "drizzle-orm/pg-core";\nexport const notes = pgTable("notes", { text: text() });',
    );
    const report = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await doctor(project.root, { json: true })).toBe(1);
    const { ok, findings } = JSON.parse(String(report.mock.calls[0]?.[0]));
    expect(ok).toBe(false);
    const [database] = findings.filter(({ check }: Finding) => check === "database");
    expect(database).toMatchObject({ status: "error", message: expect.stringContaining("127.0.0.1:1") });
    expect(JSON.stringify(findings)).not.toContain("geheim");
  });

  test("no migrations", async () => {
    expect(await found("migrations")).toEqual(bad("warning", /none in drizzle\//, /generate/));
  });

  test("a port that another program has, and one that a server of this project has", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    vi.stubEnv("PORT", String(port));
    vi.stubEnv("HOST", "127.0.0.1");
    expect(await found("port")).toEqual(bad("warning", /cannot be had/, /PORT=/));
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    project.write(`.convex/port-${port}.pid`, `${child.pid}\n`);
    expect(await found("port")).toEqual(ok(`the server of this project listens (process ${child.pid})`));
    child.kill();
    other.close();
  });

  test("names of the server that Next does not know, a standalone build, and functions on the edge", async () => {
    vi.stubEnv("HOST", "0.0.0.0");
    expect(await found("devOrigins")).toEqual(bad("warning", /0\.0\.0\.0/, /allowedDevOrigins/));
    project.write("next.config.ts", 'export default { allowedDevOrigins: ["a.test"],\n  output: "standalone" };');
    expect(await found("devOrigins")).toEqual(ok("allowedDevOrigins is set"));
    expect(await found("standalone")).toEqual(bad("warning", /standalone/, /production dependencies/));
    project.write("next.config.ts", '// output: "standalone"\nexport default {};');
    expect(await found("standalone")).toEqual([]);
    project.write(
      "app/edge/page.tsx",
      'import { fetchQuery } from "convex-lite/nextjs";\nexport const runtime = "edge";',
    );
    expect(await found("edge")).toEqual(bad("error", /^app\/edge\/page.tsx/, /run in Node/));
  });

  test("a package in a version that does not fit, an old TypeScript, and a second copy", async () => {
    for (const [name, version] of Object.entries({ "better-sqlite3": "12.0.0", typescript: "5.4.2", zod: "4.0.1" })) {
      project.write(`node_modules/${name}/package.json`, JSON.stringify({ version }));
    }
    expect(await found("packages")).toContainEqual(
      bad("error", /better-sqlite3 12\.0\.0/, /npm install "better-sqlite3@>=/)[0],
    );
    expect(await found("typescript")).toEqual(bad("warning", /5\.4\.2/, /npm install -D typescript/));
    expect(await found("copies")).toEqual(
      bad("error", /two copies of zod: 4\.0\.1 in .*project-.* for convex-lite/, /npm ls zod/),
    );
  });
});

test("the doctor changes nothing, and its report is a line for each finding, without colours into a pipe", async () => {
  const before = readdirSync(project.root, { recursive: true }).sort();
  const report = vi.spyOn(console, "log").mockImplementation(() => {});
  vi.stubEnv("PORT", "0");
  expect(await doctor(project.root, { json: false })).toBe(0);
  const text = String(report.mock.calls[0]?.[0]);
  expect(text).toMatch(/^ok {7}node {8}Node \d/);
  expect(text).toContain("warning  migrations  there are none in drizzle/ yet");
  expect(text).toMatch(/0 errors, 1 warnings$/);
  expect(text).not.toContain("\u001b[");
  expect(readdirSync(project.root, { recursive: true }).sort()).toEqual(before);
});

test.each([
  ["1.2.3", ">=1.2 <2", true],
  ["2.0.0", ">=1.2 <2", false],
  ["1.1.9", ">=1.2 <2", false],
  ["1.9.0", "^1.2.3", true],
  ["1.2.2", "^1.2.3", false],
  ["2.0.0", "^1.2.3", false],
  ["0.2.9", "^0.2.2", true],
  ["0.3.0", "^0.2.2", false],
  ["1.2.3", "1.2.3", true],
  ["1.2.4", "1.2.3", false],
  ["19.2.0-rc.1", "^19.2", true],
])("%s in %s: %s", (version, range, expected) => {
  expect(isInRange(version, range)).toBe(expected);
});
