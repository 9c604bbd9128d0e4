import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { FunctionLoader, type LoadedFunctions } from "./load-functions.ts";
import { loadFunctions, watchFunctions } from "./watch-functions.ts";

const answers = (value: string) => `export const value = "${value}";`;

let project: TemporaryProject;
let loader: FunctionLoader;
let clock: HandClock;
let served: LoadedFunctions;
let refuse: string | undefined;
let stop: () => void;

beforeEach(async () => {
  project = new TemporaryProject({ "convex/a.ts": answers("first"), "convex/schema.ts": "" });
  loader = new FunctionLoader("convex", project.root);
  clock = new HandClock();
  refuse = undefined;
  served = await loadFunctions({ loader, settings: { development: true }, log: clock.log });
  stop = watchFunctions({
    loader,
    loaded: served,
    log: clock.log,
    serve(loaded) {
      if (refuse !== undefined) throw new Error(refuse);
      served = loaded;
    },
  });
});

afterEach(async () => {
  stop?.();
  await loader?.close();
  project?.[Symbol.dispose]();
});

const servedValue = (module: string) => served.modules[module]?.value;
const serves = (module: string, value: unknown) => expect.poll(() => servedValue(module), { interval: 5 }).toBe(value);
const errors = () => clock.lines.filter((line) => line.level === "error").map((line) => line.message);

describe("a save is served", () => {
  test("of a file that is written in place, or replaced by renaming a new one over it, again and again", async () => {
    for (let i = 0; i < 5; i++) {
      project.write("convex/a.ts", answers(`written ${i}`));
      await serves("a", `written ${i}`);
      project.replace("convex/a.ts", answers(`renamed ${i}`));
      await serves("a", `renamed ${i}`);
    }
  });

  test("of new files in new folders of new folders, and of later changes in them", async () => {
    project.write("convex/b.ts", answers("b"));
    await serves("b", "b");
    project.write("convex/x/y/z.ts", answers("deep"));
    await serves("x/y/z", "deep");
    project.replace("convex/x/y/z.ts", answers("deeper"));
    await serves("x/y/z", "deeper");
    project.write("convex/x/y/w.ts", answers("beside"));
    await serves("x/y/w", "beside");
  });

  test("after files and folders were deleted, and when they come back", async () => {
    project.write("convex/x/b.ts", answers("one"));
    await serves("x/b", "one");
    project.delete("convex/x");
    await serves("x/b", undefined);
    project.write("convex/x/b.ts", answers("two"));
    await serves("x/b", "two");
    project.replace("convex/x/b.ts", answers("three"));
    await serves("x/b", "three");
  });

  test("in a folder that is replaced at once, as by checking out a branch", async () => {
    project.write("convex/x/b.ts", answers("one"));
    await serves("x/b", "one");
    project.delete("convex/x");
    project.write("convex/x/b.ts", answers("two"));
    await serves("x/b", "two");
    project.write("convex/x/b.ts", answers("three"));
    await serves("x/b", "three");
  });

  test("after the whole of convex/ was gone for a moment", async () => {
    project.delete("convex");
    await expect.poll(() => errors().at(-1)).toContain("Expected your functions");
    project.write("convex/a.ts", answers("back"));
    await serves("a", "back");
    project.write("convex/a.ts", answers("again"));
    await serves("a", "again");
  });

  test("of files outside of convex/ that functions import", async () => {
    project.write("shared/names.ts", 'export const name = "one";');
    project.write("convex/a.ts", 'export { name as value } from "../shared/names";');
    await serves("a", "one");
    project.replace("shared/names.ts", 'export const name = "two";');
    await serves("a", "two");
  });
});

test("_generated/api.ts is kept up to date", async () => {
  const api = () => readFileSync(project.path("convex/_generated/api.ts"), "utf8");
  expect(api()).toContain('a: PublicReferences<typeof import("../a")>');
  project.write("convex/tasks.ts", answers("x"));
  await expect.poll(api).toContain("tasks: PublicReferences");
  project.delete("convex/_generated");
  await expect.poll(() => existsSync(project.path("convex/_generated/api.ts"))).toBe(true);
});

test("an error keeps the previous functions, is logged once with its position, and so is its end", async () => {
  project.put("convex/a.ts", "export const value = (;");
  await expect.poll(errors).not.toEqual([]);
  expect(errors()[0]).toMatch(/a\.ts:1:23[\s\S]*Unexpected ";"[\s\S]*> 1 │ export const value = \(;\n +│ +\^/);
  expect(servedValue("a")).toBe("first");
  project.put("convex/b.ts", answers("waits for a"));
  await expect.poll(() => readFileSync(project.path("convex/_generated/api.ts"), "utf8")).toContain("b:");
  expect(servedValue("b")).toBeUndefined();
  project.put("convex/a.ts", answers("fixed"));
  await serves("a", "fixed");
  expect(servedValue("b")).toBe("waits for a");
  expect(errors()).toHaveLength(1);
  expect(clock.lines.at(-1)?.message).toMatch(/good again/);
});

test("while an error stands, every save is answered by a line, but a file that a tool writes is not", async () => {
  const warnings = () => clock.lines.filter((line) => line.level === "warn").map((line) => line.message);
  project.put("convex/a.ts", "export const value = (;");
  await expect.poll(errors).not.toEqual([]);
  // `put` replaces the whole file in one step, so each save is one change.
  project.put("convex/b.ts", answers("one"));
  await expect.poll(warnings).not.toEqual([]);
  expect(warnings()[0]).toMatch(/^functions still not reloaded: .*a\.ts:1:23.* Unexpected ";"$/);
  const first = warnings().length;
  project.put("convex/b.ts", answers("two"));
  await expect.poll(() => warnings().length).toBeGreaterThan(first);
  const told = warnings();

  const api = project.path("convex/_generated/api.ts");
  project.delete("convex/_generated");
  await expect.poll(() => existsSync(api)).toBe(true);
  project.put("convex/a.ts", answers("fixed"));
  await serves("b", "two");
  expect(errors()).toHaveLength(1);
  expect(warnings()).toEqual(told);
});

test("what is doubtful is told once: at the start, or when it is saved", async () => {
  const warnings = () => clock.lines.filter((line) => line.level === "warn").map((line) => line.message);
  const tasks = expect.stringMatching(/^convex\/tasks\.mts is not read/);
  project.put("convex/tasks.mts", "");
  await expect.poll(warnings).toEqual([tasks]);
  project.put("convex/a.ts", "export const value = 'b';\nexport const twice = { x: 1, x: 2 };");
  await serves("a", "b");
  expect(warnings()).toEqual([tasks, expect.stringMatching(/a\.ts:2:30[\s\S]*Duplicate key "x"/)]);

  clock.lines.length = 0;
  const another = new FunctionLoader("convex", project.root);
  const { warnings: said } = await loadFunctions({
    loader: another,
    settings: { development: true },
    log: clock.log,
  });
  expect(said).toHaveLength(2);
  expect(warnings()).toHaveLength(2);
  await another.close();
});

test("functions that are refused leave all previous ones in place", async () => {
  refuse = "the schema would lose data";
  project.write("convex/a.ts", answers("refused"));
  await expect.poll(errors).toEqual([expect.stringContaining("the schema would lose data")]);
  expect(servedValue("a")).toBe("first");
  refuse = undefined;
  project.write("convex/a.ts", answers("accepted"));
  await serves("a", "accepted");
});

test("loadFunctions waits in development until the functions load, and rejects in production, where nothing is saved", async () => {
  using broken = new TemporaryProject({ "convex/a.ts": "export const value = ;" });
  const another = new FunctionLoader("convex", broken.root);
  const loading = loadFunctions({ loader: another, settings: { development: true }, log: clock.log });
  await expect.poll(errors).toEqual([expect.stringContaining("waiting for a change")]);
  broken.put("convex/a.ts", answers("good"));
  expect((await loading).modules.a?.value).toBe("good");
  const start = () => loadFunctions({ loader: another, settings: { development: false }, log: clock.log });
  await expect(start()).rejects.toThrow("have not been built");
  (await another.build()).write();
  expect((await start()).modules.a?.value).toBe("good");
  broken.put("convex/a.ts", answers("better"));
  await expect(start()).rejects.toThrow("convex/a.ts was changed");
  await another.close();
});
