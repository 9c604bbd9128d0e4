import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { transform } from "esbuild";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { root as repository, runCompiler } from "../../../tests/support/compile.ts";
import { createNextApp, type Files } from "../../../tests/support/create-next-app.ts";
import { commandLine } from "../command-line.ts";
import { editPackageJson } from "./edits/package-json.ts";
import { databases, newAppPackages, packages } from "./plan/databases.ts";

const answer = vi.hoisted(() => ({ next: true as boolean | symbol, questions: [] as string[] }));
vi.mock("@clack/prompts", () => ({
  confirm: async ({ message }: { message: string }) => {
    answer.questions.push(message);
    return answer.next;
  },
  isCancel: (value: unknown) => typeof value === "symbol",
}));

/** A folder outside of this repository, whose lockfile and packages would be found otherwise. */
class Folder implements Disposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "init-")));

  constructor(files: Files = {}) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Every file with its text. */
  tree(): Files {
    const paths = readdirSync(this.root, { recursive: true, encoding: "utf8" }).sort();
    const files = paths.filter((path) => !path.startsWith(".git/") && lstatSync(join(this.root, path)).isFile());
    return Object.fromEntries(files.map((path) => [path, readFileSync(join(this.root, path), "utf8")]));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What a snapshot holds: every file but the references, whose text has tests of its own. */
function written(folder: Folder): Files {
  return Object.fromEntries(Object.entries(folder.tree()).filter(([path]) => !path.endsWith("_generated/api.ts")));
}

/** Runs `convex-lite init` without an install. What it prints has `<folder>` in place of the folder's path. */
async function init(folder: Folder, ...flags: string[]): Promise<{ code: number; output: string }> {
  vi.spyOn(process, "cwd").mockReturnValue(folder.root);
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) => spy.mockImplementation(() => {}));
  const code = await commandLine(["init", "--no-install", ...flags]);
  const output = spies.flatMap((spy) => spy.mock.calls.map(([line]) => `${line}\n`)).join("");
  vi.restoreAllMocks();
  return { code, output: output.replaceAll(folder.root, "<folder>") };
}

/** Runs it three times: the first time with --dry-run, which writes nothing; the third time changes nothing. */
async function initTwice(folder: Folder, ...flags: string[]): Promise<string> {
  const before = folder.tree();
  const dry = await init(folder, "--dry-run", ...flags);
  expect(folder.tree()).toEqual(before);
  const { code, output } = await init(folder, ...flags);
  expect(code, output).toBe(0);
  expect(dry.output.split("Nothing was written")[0]).toBe(output.split(/Written\.|Everything is/)[0]);
  const after = folder.tree();
  const again = await init(folder, ...flags);
  expect(folder.tree()).toEqual(after);
  expect(again.output).toContain("Everything is there already.");
  expect(again.output).not.toMatch(/^[+~] /m);
  return output;
}

/**
 * Compiles a project against the sources of this repository, as if it were installed.
 * @returns what is wrong in the project's own files. The sources need a newer target than a project has.
 */
async function compileProject(folder: Folder): Promise<string[]> {
  // Next writes these when it runs.
  folder.write("next-env.d.ts", '/// <reference types="next" />\n');
  folder.write("routes.d.ts", "type LayoutProps<Route> = { route?: Route; children: import('react').ReactNode };\n");
  const tsconfig = JSON.parse(folder.tree()["tsconfig.json"] ?? "");
  Object.assign(tsconfig.compilerOptions, {
    allowImportingTsExtensions: true,
    incremental: false,
    plugins: [],
    paths: { "convex-lite/*": [join(repository, "lib/entries/*.ts")] },
  });
  folder.write("tsconfig.json", JSON.stringify(tsconfig));
  symlinkSync(join(repository, "node_modules"), join(folder.root, "node_modules"));
  return (await runCompiler(folder.root)).filter((line) => !line.startsWith(".."));
}

const npm = "npm/11.19.0 node/v24.21.0 linux x64";
beforeEach(() => {
  for (const [name, value] of Object.entries({ npm_config_user_agent: npm, NO_COLOR: "1" })) vi.stubEnv(name, value);
  vi.stubEnv("FORCE_COLOR", undefined);
});
afterEach(() => void vi.unstubAllEnvs());

describe("an app of create-next-app", () => {
  test("gets scripts, packages, functions, a server and a page, and compiles", async () => {
    using app = new Folder(createNextApp());
    expect(await initTwice(app)).toMatchSnapshot();
    expect(written(app)).toMatchSnapshot();
    expect(await compileProject(app)).toEqual([]);
  });

  test("with src/ gets its page there, and convex/ beside it; with SQLite it compiles", async () => {
    using app = new Folder(createNextApp({ srcDir: true }));
    const output = await initTwice(app, "--database", "sqlite");
    expect(output).toMatch(/^\+ convex\/schema\.ts$/m);
    expect(output).toMatch(/^\+ src\/app\/chat\/page\.tsx$/m);
    expect(await compileProject(app)).toEqual([]);
  });

  test("in JavaScript gets its pages in JavaScript", async () => {
    using app = new Folder(createNextApp({ js: true }));
    const output = await initTwice(app);
    expect(output).toMatchSnapshot();
    for (const file of ["page", "messages"]) {
      const page = app.tree()[`app/chat/${file}.js`] ?? "";
      expect((await transform(page, { loader: "jsx" })).warnings).toEqual([]);
    }
  });

  test("with pnpm may run esbuild's install script", async () => {
    using app = new Folder({ ...createNextApp({ pnpm: true }), "pnpm-lock.yaml": "" });
    const output = await initTwice(app);
    expect(app.tree()["pnpm-workspace.yaml"]).toBe(
      "allowBuilds:\n  esbuild: true\n  sharp: false\n  unrs-resolver: false\n",
    );
    expect(output).toMatch(/^Next: pnpm install && pnpm dev$/m);
  });

  test("without the example gets no page", async () => {
    using app = new Folder(createNextApp());
    const output = await initTwice(app, "--example", "none");
    expect(output).not.toMatch(/chat|messages/);
    expect(await compileProject(app)).toEqual([]);
  });
});

describe("an empty folder", () => {
  test.each(["missing", "empty"])("that is %s becomes an app, which compiles with MySQL", async (state) => {
    using parent = new Folder(state === "empty" ? { "My App/.gitignore": "*.log\n", "My App/README.md": "" } : {});
    const output = await initTwice(parent, "My App", "--database", "mysql");
    expect(output).toMatch(/^A new app in <folder>\/My App$/m);
    expect(output).toMatch(/^Set DATABASE_URL in \.env\.local, as \.env\.example shows\.$/m);
    const manifest = JSON.parse(parent.tree()["My App/package.json"] ?? "");
    expect(manifest.name).toBe("my-app");
    if (state === "empty") return;
    expect(written(parent)).toMatchSnapshot();
    using app = new Folder();
    cpSync(join(parent.root, "My App"), app.root, { recursive: true });
    expect(await compileProject(app)).toEqual([]);
  });

  test("tells the one next command", async () => {
    using parent = new Folder();
    expect((await init(parent, "my-app")).output).toMatch(/^Next: cd my-app && npm install && npm run dev$/m);
  });
});

describe("a project that is in use", () => {
  test("is a member of a pnpm workspace: the install scripts are named in the workspace's file", async () => {
    const member = Object.entries(createNextApp()).map(([path, text]) => [`apps/web/${path}`, text]);
    using workspace = new Folder({
      "package.json": '{ "private": true, "packageManager": "pnpm@12.21.0" }',
      "pnpm-workspace.yaml": "# Members.\npackages:\n  - apps/*\n",
      ...Object.fromEntries(member),
    });
    const output = await initTwice(workspace, "apps/web");
    expect(output).toMatch(/^~ \.\.\/\.\.\/pnpm-workspace\.yaml$/m);
    expect(workspace.tree()["pnpm-workspace.yaml"]).toMatch(
      /^# Members\.\npackages:\n {2}- apps\/\*\n# .*\nallowBuilds:\n {2}esbuild: true\n {2}sharp: false\n$/,
    );
  });

  test("has a list of install scripts in another form: the reader adds to it", async () => {
    using app = new Folder({ ...createNextApp(), "pnpm-workspace.yaml": "allowBuilds: { sharp: true }\n" });
    const { output } = await init(app, "--package-manager", "pnpm");
    expect(output).toMatch(/^! pnpm-workspace\.yaml has a list .*\n {6}esbuild: true$/m);
    expect(app.tree()["pnpm-workspace.yaml"]).toBe("allowBuilds: { sharp: true }\n");
  });

  test("has other providers in its layout: ours is inside of them", async () => {
    const layout = `import { ThemeProvider } from "next-themes";

export default function RootLayout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body>
        <ThemeProvider attribute="class">
          {children}
        </ThemeProvider>
      </body>
    </html>
  );
}
`;
    using app = new Folder({ ...createNextApp(), "app/layout.tsx": layout });
    await initTwice(app);
    expect(app.tree()["app/layout.tsx"]).toBe(
      layout
        .replace('"next-themes";', '"next-themes";\nimport { ConvexProvider } from "convex-lite/react";')
        .replace("{children}\n", "<ConvexProvider>{children}</ConvexProvider>\n"),
    );
  });

  test("has lost its server.ts: it is the only file that is written", async () => {
    using app = new Folder(createNextApp());
    await init(app);
    const whole = app.tree();
    rmSync(join(app.root, "server.ts"));
    const output = await initTwice(app);
    expect(output.match(/^[+~!] .*$/gm)).toEqual(["+ server.ts"]);
    expect(app.tree()).toEqual(whole);
  });

  test("has removed the example and has tables of its own: neither comes back", async () => {
    using app = new Folder(createNextApp());
    await init(app, "--database", "sqlite");
    for (const path of ["convex/messages.ts", "app/chat"]) rmSync(join(app.root, path), { recursive: true });
    app.write("convex/schema.ts", (app.tree()["convex/schema.ts"] ?? "").replaceAll("messages", "orders"));
    app.write("convex/orders.ts", "");
    const output = await initTwice(app);
    expect(output.match(/^[+~!] .*$/gm)).toEqual(["~ convex/_generated/api.ts"]);
    expect(app.tree()["convex/_generated/api.ts"]).toContain('typeof import("../orders")');
  });

  test("has files and scripts of its own in our places: none is changed, and the reader is told what to add", async () => {
    const own = {
      "server.js": "require('http');",
      "drizzle.config.ts": "export default {};",
      "app/chat/page.tsx": "export default () => null;",
      ".env.example": "SECRET=",
      "app/layout.tsx": "export { default } from './shell';",
      "package.json": JSON.stringify({
        scripts: {
          dev: "node server.js",
          build: "next build && node after.js",
          start: "next start --keepAliveTimeout 9",
        },
        dependencies: { next: "^16.4.0", zod: "^3.0.0" },
      }),
    };
    using app = new Folder({ ...createNextApp(), ...own });
    const { output } = await init(app);
    expect(output.match(/^! .*$/gm)).toMatchSnapshot();
    expect(output).toContain("Do by hand what is marked ! above.");
    const { "package.json": manifest, ...files } = app.tree();
    const { "package.json": _, ...kept } = own;
    expect(files).toMatchObject(kept);
    expect(JSON.parse(manifest ?? "")).toMatchObject(JSON.parse(own["package.json"]));
  });
});

describe("what Next's scripts were told is kept", () => {
  test.each([
    { script: "next dev --turbopack", becomes: "convex-lite dev" },
    { script: "next dev --turbo -p 4000", becomes: "convex-lite dev --port 4000" },
    { script: "next dev -H 0.0.0.0 --port=80", becomes: "convex-lite dev --host 0.0.0.0 --port 80" },
    { script: "NODE_OPTIONS=--inspect next dev", becomes: undefined },
    { script: "next dev --experimental-https", becomes: undefined },
  ])("$script", ({ script, becomes }) => {
    const before = `{\r\n\t"name": "a",\r\n\t"scripts": { "dev": "${script}" }\r\n}`;
    const { text, others } = editPackageJson(before, { dependencies: {}, devDependencies: {} });
    expect(JSON.parse(text).scripts.dev).toBe(becomes ?? script);
    expect(others.map(({ found }) => found)).toEqual(becomes === undefined ? [script] : []);
    expect(text).toMatch(/^\{\r\n\t"name": "a",\r\n\t"scripts": \{\r\n\t\t"dev"[\s\S]*\r\n\}$/);
  });
});

describe("a project that cannot have it is left as it is, and the reason is one sentence", () => {
  const { "package.json": packageJson = "", ...others } = createNextApp();
  test.each([
    {
      what: "Next 15",
      files: { ...others, "package.json": packageJson.replace("16.4.3", "^15.3.1") },
      says: "convex-lite needs Next.js 16.4 or later. This project has ^15.3.1.",
    },
    {
      what: "Next 16.3",
      files: { ...others, "package.json": packageJson.replace("16.4.3", "16.3.7") },
      says: "This project has 16.3.7.",
    },
    {
      what: "the pages router alone",
      files: { "package.json": packageJson, "pages/index.tsx": "" },
      says: "convex-lite needs the App Router. This project has no app/ or src/app/, only pages/.",
    },
    { what: "no Next", files: { "package.json": "{}" }, says: "<folder>/package.json does not name next." },
    { what: "files of something else", files: { "main.py": "" }, says: "<folder> holds files, and no package.json." },
    { what: "a broken package.json", files: { "package.json": "{," }, says: "Cannot read <folder>/package.json: " },
  ] as { what: string; files: Files; says: string }[])("$what", async ({ files, says }) => {
    using folder = new Folder(files);
    const before = folder.tree();
    const { code, output } = await init(folder);
    expect(code).toBe(1);
    expect(output).toContain(says);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(folder.tree()).toEqual(before);
  });

  test("an older Next is tried with --force", async () => {
    using app = new Folder({ ...others, "package.json": packageJson.replace("16.4.3", "^15.3.1") });
    expect((await init(app, "--force")).code).toBe(0);
  });

  test("tables that the database cannot hold", async () => {
    using app = new Folder(createNextApp());
    await init(app);
    const { code, output } = await init(app, "--database", "sqlite");
    expect(code).toBe(1);
    expect(output).toContain(
      "convex/schema.ts has tables of drizzle-orm/pg-core, which --database sqlite cannot hold.",
    );
  });

  test.each(["the folder", "a folder in it"])("%s is read-only: what was written before is taken back", (what) => {
    using app = new Folder(createNextApp());
    const before = app.tree();
    const readOnly = what === "the folder" ? app.root : join(app.root, "app");
    // The rights of files do not count for root, so another user runs the command.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    for (const path of ["", ...readdirSync(app.root, { recursive: true, encoding: "utf8" })]) {
      if (user.uid) chownSync(join(app.root, path), user.uid, user.gid);
    }
    chmodSync(readOnly, 0o555);
    for (const path of readdirSync(readOnly)) chmodSync(join(readOnly, path), 0o555);
    const main = join(repository, "lib/cli/main.ts");
    const options = { cwd: app.root, encoding: "utf8", ...user } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, "init", "--no-install"], options);
    expect(stderr).toMatch(/^Cannot write \S+: EACCES.* Nothing was changed\.\n$/);
    expect(stdout).not.toContain("Written");
    expect(status).toBe(1);
    expect(app.tree()).toEqual(before);
    chmodSync(readOnly, 0o755);
  });
});

describe("what was written can be undone", () => {
  const git = (folder: Folder, ...args: string[]) =>
    spawnSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], { cwd: folder.root });

  test("with the command that is printed, where git has the files", async () => {
    using app = new Folder(createNextApp());
    git(app, "init");
    git(app, "add", ".");
    git(app, "commit", "-m", "Begin");
    const before = app.tree();
    const { output } = await init(app);
    const undo = /^Written\. To undo it: (.*)$/m.exec(output)?.[1] ?? "";
    expect(spawnSync("sh", ["-c", undo], { cwd: app.root }).status).toBe(0);
    expect(app.tree()).toEqual(before);
  });

  test("except in files with changes that are not committed, which are named", async () => {
    using app = new Folder(createNextApp());
    git(app, "init");
    git(app, "add", ".");
    git(app, "commit", "-m", "Begin");
    app.write(".gitignore", "node_modules\n");
    const { output } = await init(app);
    expect(output).toContain("Not committed yet, so git cannot bring back what they hold now: .gitignore");
    expect(output).toMatch(/git checkout -- package\.json AGENTS\.md app\/layout\.tsx && rm -r /);
  });

  test("without git only what is new can be removed", async () => {
    using app = new Folder(createNextApp());
    const { output } = await init(app);
    expect(output).toMatch(
      /^Written\. To undo it: rm -r convex server\.ts drizzle\.config\.ts \.env\.example app\/chat$/m,
    );
    expect(output).toMatch(/^Changed as shown above, and to be changed back by hand: package\.json, /m);
  });
});

describe("at a terminal", () => {
  const streams = [process.stdin, process.stdout];
  const before = streams.map((stream) => stream.isTTY);
  beforeEach(() => {
    vi.stubEnv("CI", undefined);
    for (const stream of streams) Object.defineProperty(stream, "isTTY", { value: true, configurable: true });
    answer.questions = [];
  });
  afterEach(() => {
    for (const [index, stream] of streams.entries()) {
      Object.defineProperty(stream, "isTTY", { value: before[index], configurable: true });
    }
  });

  test.each([
    { what: "yes", next: true, code: 0, writes: true },
    { what: "no", next: false, code: 1, writes: false },
    { what: "Ctrl+C", next: Symbol("cancel"), code: 130, writes: false },
  ])("one question is asked, and the answer is $what", async ({ next, code, writes }) => {
    using app = new Folder(createNextApp());
    answer.next = next;
    expect((await init(app)).code).toBe(code);
    expect(answer.questions).toEqual(["Do this?"]);
    expect("server.ts" in app.tree()).toBe(writes);
  });

  test.each([["--yes"], ["-y"], ["--dry-run"]])("none is asked with %s", async (flag) => {
    using app = new Folder(createNextApp());
    expect((await init(app, flag)).code).toBe(0);
    expect(answer.questions).toEqual([]);
  });
});

test("the versions that a project gets are those of this repository", () => {
  const own = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const pinned = { ...own.devDependencies, ...own.dependencies };
  const asked = { ...packages.dependencies, ...packages.devDependencies, ...newAppPackages.dependencies };
  for (const { packages } of Object.values(databases)) Object.assign(asked, packages);
  for (const [name, range] of Object.entries(asked)) expect(`${name} ${range}`).toBe(`${name} ^${pinned[name]}`);
});
