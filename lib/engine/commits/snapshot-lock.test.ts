import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LockSide, SnapshotLock } from "./snapshot-lock.ts";

/** One body that asks for the lock, and holds it until told to leave or to fail. */
interface Holder {
  readonly name: number;
  readonly group: LockSide;
  readonly passed: Promise<string>;
  leave(): void;
  fail(): void;
}

class World {
  readonly #lock = new SnapshotLock();
  readonly inside = new Set<number>();
  #names = 0;

  arrive(group: LockSide): Holder {
    const name = this.#names++;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const passed = this.#lock.hold(group, async () => {
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

/** Resolves when every promise that can settle has settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/**
 * What the lock promises: holders in the order they came, in rounds of one side each. The first round holds the lock; a
 * new holder joins the last round if that is of its side.
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

describe("the snapshot lock", () => {
  test("is held by one side at a time, in the order they came, and by each holder in the end", async () => {
    const anyStep = fc.oneof(
      fc.constantFrom("snapshot" as const, "commit" as const).map((arrives) => ({ arrives })),
      fc.record({ leaves: fc.nat(20), fails: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
        const world = new World();
        const model = new Model();
        const holders = new Map<number, Holder>();
        const leave = async (name: number, how: "leave" | "fail") => {
          holders.get(name)?.[how]();
          model.leave(name);
          await settled();
        };
        for (const step of steps) {
          if ("arrives" in step) {
            const holder = world.arrive(step.arrives);
            holders.set(holder.name, holder);
            model.arrive(holder.name, holder.group);
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
        for (const holder of holders.values()) await holder.passed.catch(() => {});
      }),
      { numRuns: 200 },
    );
  });

  test("never makes a commit wait for snapshots that came after it", async () => {
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

  test("hands back what the body returned or threw, and is free for the next after both", async () => {
    const world = new World();
    const failing = world.arrive("commit");
    const next = world.arrive("snapshot");
    failing.fail();
    await expect(failing.passed).rejects.toThrow("failed");
    next.leave();
    expect(await next.passed).toBe("passed");
  });
});
