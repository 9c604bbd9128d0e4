import { expect, test } from "vitest";
import { Callers } from "../../auth/caller.ts";
import { createFunctions } from "../../functions/define.ts";
import { LiveQuery, type Waiter, type Watcher } from "../queries/live-query.ts";
import { Rotation } from "./rotation.ts";

const caller = new Callers("secret").of(null);
const fn = createFunctions<Record<string, never>>().query({ handler: () => null });
const client = () => ({ caller, takesAnswers: true }) as Watcher;

let lastId = 0;
function watchedBy(...watchers: Watcher[]): LiveQuery {
  const live = new LiveQuery(++lastId, `${lastId}`, { fn, path: "m:list", args: {} }, new Map(), caller, false);
  for (const watcher of watchers) live.watch(watcher);
  return live;
}

test("the many queries of a client come after the first ones of all others, each in the order it became due", () => {
  const [greedy, modest, other] = [client(), client(), client()];
  const many = Array.from({ length: 3 }, () => watchedBy(greedy));
  const [first, second, its] = [watchedBy(modest), watchedBy(modest), watchedBy(other)];
  const order = new Rotation().inTurns([...many, first, second, its]);
  expect(order).toEqual([many[0], first, its, many[1], second, many[2]]);
});

test("a query that several watch runs in the turn of the one that has had the fewest", () => {
  const [greedy, modest] = [client(), client()];
  const many = Array.from({ length: 3 }, () => watchedBy(greedy));
  const both = watchedBy(greedy, modest);
  expect(new Rotation().inTurns([...many, both])).toEqual([many[0], both, many[1], many[2]]);
});

test("a call that waits for an answer is a client of its own", () => {
  const greedy = client();
  const many = Array.from({ length: 3 }, () => watchedBy(greedy));
  const called = watchedBy(greedy);
  called.addWaiter({ caller, asked: 0, resolve() {}, reject() {} } satisfies Waiter);
  expect(new Rotation().inTurns([...many, called])).toEqual([many[0], called, many[1], many[2]]);
});

test("of a thousand that watch a query, one is looked at", () => {
  const live = watchedBy(...Array.from({ length: 1_000 }, client));
  let looks = 0;
  const clients = live.clients.bind(live);
  live.clients = function* () {
    for (const one of clients()) {
      looks++;
      yield one;
    }
  };
  new Rotation().inTurns([live]);
  expect(looks).toBe(1);
});
