import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UnusableDatabaseError } from "./driver/database-errors.ts";
import { openEmbedded } from "./open-database.ts";

const log = { info() {}, warn() {}, error() {} };

/** A disk of its own, of 128 MiB. Undefined where this user may not mount one. */
function smallDisk(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "convex-lite-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128m", "tmpfs", directory], { stdio: "ignore" });
  } catch {
    rmdirSync(directory);
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", [directory]);
    rmdirSync(directory);
  });
  return directory;
}

const fill = (disk: string) => {
  try {
    for (let i = 0; ; i++) writeFileSync(join(disk, `fill-${i}`), Buffer.alloc(1024 * 1024));
  } catch {
    for (let i = 0; i < 64; i++) {
      try {
        writeFileSync(join(disk, `rest-${i}`), Buffer.alloc(64 * 1024));
      } catch {}
    }
  }
};

test.each([
  ["pg", "full", "the disk is full (ENOSPC)", fill],
  ["sqlite", "full", "the disk is full (ENOSPC)", fill],
  [
    ...(["pg", "read-only", "the disk is read-only (EROFS)"] as const),
    (disk: string) => execFileSync("mount", ["-o", "remount,ro", disk]),
  ],
] as const)(
  "an intact %s database on a disk that is %s is not told to be moved away",
  async (dialect, _, reason, spoil) => {
    const disk = smallDisk();
    if (disk === undefined) return;
    const directory = join(disk, ".convex");
    await (await openEmbedded(dialect, { directory, schema: {}, log })).close();
    spoil(disk);
    const failed = openEmbedded(dialect, { directory, schema: {}, log });
    await expect(failed).rejects.toThrow(UnusableDatabaseError);
    await expect(failed).rejects.toThrow(`cannot be opened: ${reason}. What it holds is not damaged`);
  },
);
