import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { directoryIsUnwritable, unwritableBecause } from "./unwritable.ts";

const failure = (about: object, cause?: unknown) => Object.assign(new Error("failed", { cause }), about);
const prevents = (option: string) => ({ errno: 1290, message: `The server is running with the ${option} option` });

describe("a write that fails because nothing can be written is told from one that fails by itself", () => {
  test.each([
    ["PostgreSQL, PGlite", { code: "53100" }, "the disk is full"],
    ["PostgreSQL", { code: "25006" }, "the database is read-only"],
    ["SQLite", { code: "SQLITE_FULL" }, "the disk is full"],
    ["SQLite", { code: "SQLITE_READONLY_DBMOVED" }, "the database is read-only"],
    ["MySQL", { errno: 1021 }, "the disk is full"],
    ["MariaDB", prevents("--read-only"), "the database is read-only"],
    ["MySQL", prevents("--secure-file-priv"), undefined],
    ["a unique index", { code: "23505" }, undefined],
    ["a unique index of MySQL", { errno: 1062 }, undefined],
  ])("%s: %o is %s", (_, about, reason) => {
    expect(unwritableBecause(failure(about))).toBe(reason);
    expect(unwritableBecause(failure({}, failure(about)))).toBe(reason);
  });
});

describe("a directory is tried by a write", () => {
  test("which leaves nothing behind", () => {
    using project = new TemporaryProject();
    expect(directoryIsUnwritable(project.root)).toBeUndefined();
    expect(readdirSync(project.root)).toEqual([]);
  });

  test.each([
    ["ENOSPC", "the disk is full (ENOSPC)"],
    ["EROFS", "the disk is read-only (EROFS)"],
    ["EACCES", "this user may not write there (EACCES)"],
    ["ENOENT", undefined],
  ])("that fails with %s: %s", (code, reason) => {
    using project = new TemporaryProject();
    const write = () => {
      throw failure({ code });
    };
    expect(directoryIsUnwritable(project.root, write)).toBe(reason);
  });
});
