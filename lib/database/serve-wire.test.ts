import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { HandClock } from "../testing/hand-clock.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";
import { serveWire } from "./serve-wire.ts";

test("closing takes away what was put beside the database, and nothing else, however its path is written", async () => {
  const root = mkdtempSync(join(tmpdir(), "serve-wire-"));
  const absolute = join(root, ".convex", "pglite");
  mkdirSync(absolute, { recursive: true });
  for (const directory of [absolute, relative(process.cwd(), absolute)]) {
    const driver = { directory, openPort: () => undefined } as unknown as EmbeddedDriver;
    const wire = await serveWire(driver, new HandClock().log);
    expect(existsSync(`${absolute}.socket`)).toBe(true);
    await wire.close();
    expect(existsSync(`${absolute}.socket`)).toBe(false);
    expect(existsSync(absolute)).toBe(true);
  }
  rmSync(root, { recursive: true });
});
