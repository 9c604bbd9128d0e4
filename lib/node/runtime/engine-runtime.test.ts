import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import type { Identify } from "../../auth/identify.ts";
import type { Identity } from "../../functions/context.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { engineRuntime, type RuntimeOptions } from "./engine-runtime.ts";

/** Stands for Next's storage of the current request, from which `cookies()` reads. */
const request = new AsyncLocalStorage<string>();
const answer = { ok: true, value: {} } as Outcome<PreloadedAnswer>;

/** An engine and an `identify` that report each call before they answer it. */
function telling(tell: (caller: Identity | null) => unknown, identify: Identify): RuntimeOptions {
  return {
    engine: {
      async preload(_path, _args, caller) {
        await tell(caller);
        return answer;
      },
      async call({ caller }) {
        await tell(caller);
        return { ok: true, value: null };
      },
    },
    identify,
    log: new HandClock().log,
  };
}

test("functions and identify run outside of the calling request; the caller continues inside it", async () => {
  const seen: (string | undefined)[] = [];
  const look = async () => {
    seen.push(request.getStore());
    await Promise.resolve();
    seen.push(request.getStore());
  };
  const runtime = engineRuntime(
    telling(look, async () => {
      await look();
      return null;
    }),
  );
  await request.run("a request", async () => {
    await runtime.preload("a:b", {}, new Headers());
    await runtime.call("mutation", "a:b", {}, new Headers());
    expect(request.getStore()).toBe("a request");
  });
  expect(seen).toEqual(Array.from({ length: 8 }, () => undefined));
});

test("identify decides the caller from the headers; if it throws, no function runs", async () => {
  const callers: unknown[] = [];
  const identify: Identify = ({ headers }) => {
    const subject = headers.get("cookie");
    if (subject === null) throw new Error("no cookie");
    return { subject };
  };
  const runtime = engineRuntime(telling((caller) => callers.push(caller), identify));
  await runtime.preload("a:b", {}, new Headers({ cookie: "ada" }));
  await runtime.call("query", "a:b", {}, new Headers({ cookie: "bob" }));
  expect(callers).toEqual([{ subject: "ada" }, { subject: "bob" }]);
  expect(await runtime.call("query", "a:b", {}, new Headers())).toMatchObject({
    ok: false,
    error: { kind: "internal" },
  });
  expect(callers).toHaveLength(2);
});
