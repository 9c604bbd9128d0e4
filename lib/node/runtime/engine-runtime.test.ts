import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import type { Identify } from "../../auth/identify.ts";
import type { Identity } from "../../functions/context.ts";
import type { FunctionReference } from "../../functions/reference.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import { HandClock } from "../../testing/hand-clock.ts";
import { engineRuntime, type RuntimeOptions } from "./engine-runtime.ts";
import type { RuntimeCall } from "./runtime.ts";

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
      async queryFresh() {
        await tell(null);
        return null;
      },
    },
    identify,
    log: new HandClock().log,
  };
}

const send: RuntimeCall = { kind: "mutation", path: "a:b", args: {}, caller: null, internal: false };

test("functions and identify run outside of the calling request; the caller continues inside it", async () => {
  const seen: (string | undefined)[] = [];
  const look = async () => {
    seen.push(request.getStore());
    await Promise.resolve();
    seen.push(request.getStore());
  };
  const runtime = engineRuntime(
    telling(look, async ({ runQuery }) => {
      await look();
      return runQuery({} as FunctionReference<"query">);
    }),
  );
  await request.run("a request", async () => {
    await runtime.identify(new Headers());
    await runtime.preload("a:b", {}, null);
    await runtime.call(send);
    expect(request.getStore()).toBe("a request");
  });
  expect(seen).toEqual(Array.from({ length: 8 }, () => undefined));
});

test("identify decides from the headers who is calling; if it throws, the error is no identity", async () => {
  const runtime = engineRuntime(
    telling(
      () => {},
      ({ headers, cookies }) => {
        const subject = cookies.get("user");
        if (subject === undefined) throw new Error("no cookie");
        return { subject, agent: headers.get("user-agent") };
      },
    ),
  );
  const asked = new Headers({ cookie: "user=ada", "user-agent": "a browser" });
  expect(await runtime.identify(asked)).toEqual({ ok: true, value: { subject: "ada", agent: "a browser" } });
  expect(await runtime.identify(new Headers())).toMatchObject({ ok: false, error: { kind: "internal" } });
});
