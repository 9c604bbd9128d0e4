import { describe, expect, test } from "vitest";
import { BUGS } from "./bugs.ts";
import { plant } from "./plant.ts";

/** Two at a time: each is a process of its own. */
describe("a planted bug is caught", { concurrent: true }, () => {
  test("and nothing is, where none was planted", async ({ signal }) => {
    const { isCaught, output } = await plant({ name: "none", edits: [], caughtBy: { seeds: 100 } }, signal);
    expect(isCaught, output).toBe(false);
    expect(output).toContain("no fault");
  });

  for (const bug of BUGS) {
    const by = "seeds" in bug.caughtBy ? `the simulation within ${bug.caughtBy.seeds} seeds` : bug.caughtBy.file;
    test(`${bug.name}: by ${by}`, async ({ signal }) => {
      const { isCaught, output } = await plant(bug, signal);
      expect(isCaught, output).toBe(true);
    });
  }
});
