import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Consumer, managers } from "./consumer.ts";
import { People } from "./people.ts";

let people: People;
const folder = mkdtempSync(join(tmpdir(), "convex-lite-init-"));
beforeAll(async () => {
  people = await People.arrive();
});
afterAll(async () => {
  await people.leave();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(managers)("an empty folder, with %s", (manager) => {
  const convexLite = join(new Consumer(inject("consumers"), manager).folder, "node_modules/.bin/convex-lite");
  const project = new Consumer(folder, manager);
  const init = () => project.run(convexLite, "init", "--yes", "--no-install", "--package-manager", manager);
  const installed = (name: string) => join(project.folder, "node_modules/.bin", name);
  beforeAll(() => mkdirSync(project.folder, { recursive: true }));

  test("becomes an app by init, and a second init changes nothing", () => {
    const first = init();
    expect(first.status, first.output).toBe(0);
    const written = filesOf(project.folder);
    expect(written.size).toBeGreaterThan(10);
    const second = init();
    expect(second.status, second.output).toBe(0);
    expect(filesOf(project.folder)).toEqual(written);
  });

  test("is a live page by dev: what one window writes, the other shows", async () => {
    // The registry does not have what is tested here.
    const manifest = JSON.parse(project.read("package.json"));
    manifest.dependencies["convex-lite"] = `file:${inject("tarball")}`;
    project.write("package.json", JSON.stringify(manifest, null, 2));
    project.install();

    const began = performance.now();
    const url = await project.start([installed("convex-lite"), "dev"]);
    const [ann, ben] = [await people.open(`${url}/chat`), await people.open(`${url}/chat`)];
    await ann.say("Hello from Ann");
    await ben.sees("Hello from Ann");
    console.log(
      `${manager}: convex-lite dev → live in two windows: ${((performance.now() - began) / 1_000).toFixed(1)} s`,
    );
    for (const window of [ann, ben]) expect(await window.close()).toEqual([]);
    await project.stop();
  });

  test("type-checks, and has nothing that doctor complains of", () => {
    expect(project.run(installed("tsc"), "--noEmit").output).toBe("");
    const { status, output } = project.run(installed("convex-lite"), "doctor");
    expect(status, output).toBe(0);
  });
});

/** Every file that is not installed, by its path. */
function filesOf(root: string): Map<string, string> {
  const entries = globSync("**/*", { cwd: root, withFileTypes: true, exclude: ["node_modules"] });
  const paths = [...entries.filter((entry) => entry.isFile()), ...globSync(".*", { cwd: root, withFileTypes: true })];
  return new Map(
    paths
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path, readFileSync(path, "utf8")]),
  );
}
