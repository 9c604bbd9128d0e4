import { expect, test } from "vitest";
import { turn as allHaveRun } from "../../../tests/support/pauses.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { SoleWriter } from "./sole-writer.ts";

class World {
  readonly clock = new HandClock();
  readonly writer = new SoleWriter(this.clock);
  readonly events: string[] = [];

  /** A try of a transaction. @returns ends it. */
  begin(name: string, isSole = false): () => void {
    const held = this.writer.begin(isSole);
    const begun = () => void this.events.push(`${name} begins`);
    if (held) void held.then(begun);
    else begun();
    return () => {
      this.events.push(`${name} ends`);
      this.writer.end();
    };
  }

  /** A transaction that has lost often enough. It ends when told to. */
  async lost(name: string): Promise<() => void> {
    const leave = await this.writer.enter();
    const end = this.begin(name, true);
    return () => {
      end();
      leave();
    };
  }
}

test("while none has lost often, each try begins at once, without a timer", () => {
  const { begin, clock } = bound(new World());
  const held = Array.from({ length: 100 }, (_, i) => begin(String(i)));
  for (const end of held) end();
  expect(clock.waiting).toBe(0);
});

test("who has lost often runs when the tries that run have ended, and before any other begins", async () => {
  const { begin, lost, events, clock } = bound(new World());
  const [a, b] = [begin("a"), begin("b")];
  const sole = lost("sole");
  const c = begin("c");
  a();
  await allHaveRun();
  expect(events).toEqual(["a begins", "b begins", "a ends"]);
  b();
  const end = await sole;
  await allHaveRun();
  expect(events.slice(3)).toEqual(["b ends", "sole begins"]);
  end();
  await allHaveRun();
  expect(events.slice(5)).toEqual(["sole ends", "c begins"]);
  c();
  begin("d");
  expect(events.at(-1)).toBe("d begins");
  expect(clock.waiting).toBe(0);
});

test("several of them go one after the other, and then the others", async () => {
  const { begin, lost, events } = bound(new World());
  const soles = ["first", "second", "third"].map((name) => lost(name));
  begin("other");
  for (const sole of soles) (await sole)();
  await allHaveRun();
  expect(events).toEqual([
    ...["first begins", "first ends", "second begins", "second ends", "third begins", "third ends"],
    "other begins",
  ]);
});

test("nobody waits longer than two seconds for one that runs by itself, nor that one for the others", async () => {
  const { begin, lost, events, clock } = bound(new World());
  begin("stuck");
  const sole = lost("sole");
  begin("held");
  await allHaveRun();
  clock.advance(1_999);
  await allHaveRun();
  expect(events).toEqual(["stuck begins"]);
  clock.advance(1);
  const end = await sole;
  await allHaveRun();
  expect(events.slice(1).sort()).toEqual(["held begins", "sole begins"]);
  begin("next");
  expect(events.at(-1)).toBe("next begins");
  end();
  expect(clock.waiting).toBe(0);
});

test("a server that stops holds nobody back, and leaves no timer", async () => {
  const { begin, lost, writer, events, clock } = bound(new World());
  begin("stuck");
  const soles = [lost("sole"), lost("another")];
  begin("held");
  await allHaveRun();
  writer.close();
  for (const sole of soles) await sole;
  await allHaveRun();
  expect(events).toHaveLength(4);
  expect(clock.waiting).toBe(0);
});

function bound(world: World) {
  const { clock, writer, events } = world;
  return {
    ...{ clock, writer, events },
    begin: (name: string, isSole?: boolean) => world.begin(name, isSole),
    lost: (name: string) => world.lost(name),
  };
}
