import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { root } from "../support/compile.ts";
import { Consumer } from "./consumer.ts";

const tarball = inject("tarball");
const listed = execFileSync("tar", ["tzf", tarball], { encoding: "utf8", maxBuffer: 2 ** 26 });
const files = listed.split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/^package\//, "")]));
const installed = join(new Consumer(inject("consumers"), "npm").folder, "node_modules/convex-lite");

describe("the tarball", () => {
  test("holds the documents and the folders of the written list, and each module as source and code", () => {
    const others = files.filter((path) => !path.startsWith("dist/"));
    const shown = others.map((path) => path.replace(/^(lib\/.*?)[^/]+\.ts$/, "$1*.ts"));
    const written = readFileSync(join(import.meta.dirname, "files.txt"), "utf8")
      .trim()
      .split("\n");
    expect([...new Set(shown)].sort()).toEqual(written.sort());

    const modules = files.filter((path) => path.startsWith("lib/") && path.endsWith(".ts"));
    const named = (ending: string) => files.filter((path) => path.startsWith("dist/") && path.endsWith(ending)).sort();
    expect(named(".js")).toEqual(modules.map((path) => path.replace(/^lib\//, "dist/").replace(/\.ts$/, ".js")).sort());
    expect(named(".d.ts.map")).toEqual(named(".d.ts").map((path) => `${path}.map`));
    expect(named(".d.ts").length).toBeGreaterThan(20);
    expect(files.filter((path) => /\.(test|test-d|bench|spec)\./.test(path))).toEqual([]);
  });

  test("has every file that its package.json names", () => {
    const { bin, exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const named = Object.values({ ...bin, ...exports }).flatMap((target) =>
      typeof target === "string" ? target : Object.values(target as Record<string, string>),
    );
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
    expect(statSync(join(installed, bin["convex-lite"])).mode & 0o111).not.toBe(0);
  });

  test("is no larger than 800 KB", () => {
    const kilobytes = statSync(tarball).size / 1000;
    console.log(`${kilobytes.toFixed(0)} KB, ${files.length} files`);
    expect(kilobytes).toBeLessThanOrEqual(800);
  });

  test.each([
    ["publint", ["--strict"]],
    ["attw", ["--profile", "esm-only"]],
  ])("is good to %s", (program, options) => {
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin", program), [...options, tarball]);
    expect(status, String(stdout)).toBe(0);
  });
});
