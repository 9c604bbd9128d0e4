import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LockSide, SnapshotLock } from "./snapshot-lock.ts";

/** Somebody at the gate, who stays inside until told to leave. */
interface Visitor {
  readonly name: number;
  readonly group: LockSide;
  readonly passed: Promise<string>;
  leave(): void;
  fail(): void;
}

class World {
  readonly #gate = new SnapshotLock();
  readonly inside = new Set<number>();
  #names = 0;

  arrive(group: LockSide): Visitor {
    const name = this.#names++;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const passed = this.#gate.hold(group, async () => {
      this.inside.add(name);
      try {
        return await promise;
      } finally {
        this.inside.delete(name);
      }
    });
    passed.catch(() => {});
    return { name, group, passed, leave: () => resolve("passed"), fail: () => reject(new Error("failed")) };
  }
}

/** Lets everything that can go on go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/**
 * The gate as a picture: those in front of it, in the order they came, in rounds of one group each. The first round is
 * inside; who comes joins the last round if it is of their group.
 */
class Model {
  readonly rounds: { group: LockSide; names: Set<number> }[] = [];

  arrive(name: number, group: LockSide): void {
    const last = this.rounds.at(-1);
    if (last?.group === group) last.names.add(name);
    else this.rounds.push({ group, names: new Set([name]) });
  }

  leave(name: number): void {
    this.rounds[0]?.names.delete(name);
    if (this.rounds[0]?.names.size === 0) this.rounds.shift();
  }

  get inside(): number[] {
    return [...(this.rounds[0]?.names ?? [])];
  }
}

describe("the gate", () => {
  test("lets in one group at a time, in the order they came, and everybody in the end", async () => {
    const anyStep = fc.oneof(
      fc.constantFrom("snapshot" as const, "commit" as const).map((arrives) => ({ arrives })),
      fc.record({ leaves: fc.nat(20), fails: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
        const world = new World();
        const model = new Model();
        const visitors = new Map<number, Visitor>();
        const leave = async (name: number, how: "leave" | "fail") => {
          visitors.get(name)?.[how]();
          model.leave(name);
          await settled();
        };
        for (const step of steps) {
          if ("arrives" in step) {
            const visitor = world.arrive(step.arrives);
            visitors.set(visitor.name, visitor);
            model.arrive(visitor.name, visitor.group);
            await settled();
          } else {
            const { inside } = model;
            const name = inside[step.leaves % Math.max(1, inside.length)];
            if (name !== undefined) await leave(name, step.fails ? "fail" : "leave");
          }
          expect([...world.inside].sort()).toEqual(model.inside.sort());
        }
        while (model.inside.length > 0) for (const name of model.inside) await leave(name, "leave");
        expect(world.inside.size).toBe(0);
        for (const visitor of visitors.values()) await visitor.passed.catch(() => {});
      }),
      { numRuns: 200 },
    );
  });

  test("keeps commits from waiting for ever behind runs that keep coming", async () => {
    const world = new World();
    let snapshot = world.arrive("snapshot");
    const commit = world.arrive("commit");
    for (let i = 0; i < 3; i++) {
      const next = world.arrive("snapshot");
      await settled();
      if (i === 0) expect(world.inside).toEqual(new Set([snapshot.name]));
      snapshot.leave();
      await settled();
      snapshot = next;
    }
    expect(world.inside.has(commit.name)).toBe(true);
  });

  test("hands back what the body answered or threw, and lets the next in after both", async () => {
    const world = new World();
    const failing = world.arrive("commit");
    const next = world.arrive("snapshot");
    failing.fail();
    await expect(failing.passed).rejects.toThrow("failed");
    next.leave();
    expect(await next.passed).toBe("passed");
  });
});
