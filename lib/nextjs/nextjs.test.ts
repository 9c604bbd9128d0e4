import { beforeEach, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import { action, ConvexError, internalQuery, mutation, query } from "../entries/server.ts";
import type { Identity } from "../functions/context.ts";
import { createReferences, type InternalReferences, type PublicReferences } from "../functions/reference.ts";
import { offerRuntime, type Runtime } from "../node/runtime/runtime.ts";
import type { WireError } from "../protocol/outcome.ts";
import { fetchAction, fetchMutation, fetchQuery } from "./fetch.ts";
import { preloadedQueryResult, preloadQuery } from "./preload-query.ts";

/** Stands for Next, with one request at a time. */
const next = vi.hoisted(() => ({
  request: new Map<unknown, unknown>(),
  headers: new Headers(),
  cookies: [] as { name: string; value: string }[],
  connection: async (): Promise<void> => {},
}));
vi.mock("next/server", () => ({ connection: () => next.connection() }));
vi.mock("next/headers", () => ({
  headers: async () => next.headers,
  cookies: async () => ({ getAll: () => next.cookies }),
}));
vi.mock("next/navigation", () => ({
  unstable_rethrow(error: unknown) {
    if (error instanceof Error && "digest" in error) throw error;
  },
}));
vi.mock("react", () => ({
  // React's `cache` keeps results for one request; this one does so for functions without arguments.
  cache: (fn: () => unknown) => () => {
    if (!next.request.has(fn)) next.request.set(fn, fn());
    return next.request.get(fn);
  },
}));

const listModule = {
  list: query({ args: z.object({ channel: z.string().optional() }), handler: async () => ({ at: new Date(0) }) }),
  send: mutation({ args: z.object({ text: z.string() }), handler: async () => 7n }),
  mail: action({ handler: async () => 7n }),
  drafts: internalQuery({ handler: async () => 7n }),
};
const api = createReferences<{ messages: PublicReferences<typeof listModule> }>();
const internal = createReferences<{ messages: InternalReferences<typeof listModule> }>("internal");

/** The cookies of which `identify` was asked whose they are; it takes as long as `identifying`, and may fail. */
let asked: (string | null)[];
let identifying: Promise<void> | undefined;
let refusal: WireError | undefined;
/** Calls that reached the engine, and the error with which it answers. */
let calls: unknown[][];
let failure: WireError | undefined;

const runtime: Runtime = {
  async identify(headers) {
    const cookie = headers.get("cookie");
    asked.push(cookie);
    await identifying;
    if (refusal) return { ok: false, error: refusal };
    return { ok: true, value: cookie === null ? null : { subject: cookie.replace("user=", "") } };
  },
  async preload(path, args, caller) {
    calls.push(["preload", path, args, subjectOf(caller)]);
    if (failure) return { ok: false, error: failure };
    const text = '{"at":{"$t":["date",0]}}';
    return { ok: true, value: { path, args: {}, text, token: "h", epoch: "e", at: calls.length, identity: null } };
  },
  async call({ kind, path, args, caller, internal }) {
    calls.push([kind, path, args, subjectOf(caller), ...(internal ? ["internal"] : [])]);
    return failure ? { ok: false, error: failure } : { ok: true, value: { $t: ["bigint", "7"] } };
  },
};
const subjectOf = (caller: Identity | null) => caller?.subject ?? null;

beforeEach(() => {
  [asked, calls] = [[], []];
  identifying = undefined;
  refusal = undefined;
  failure = undefined;
  next.request = new Map();
  next.headers = new Headers({ cookie: "user=ada" });
  next.cookies = [{ name: "user", value: "ada" }];
  next.connection = async () => {};
  vi.unstubAllEnvs();
  offerRuntime(runtime);
});

test("a query is preloaded for the caller of the request, and its result can be read at once", async () => {
  const preloaded = await preloadQuery(api.messages.list, { channel: "general" });
  expect(calls).toEqual([["preload", "messages:list", { channel: "general" }, "ada"]]);
  const value = preloadedQueryResult(preloaded);
  expectTypeOf(value).toEqualTypeOf<{ at: Date }>();
  expect(value).toEqual({ at: new Date(0) });
  await preloadQuery(api.messages.list);
  expect(calls[1]).toEqual(["preload", "messages:list", {}, "ada"]);
});

test("the caller is the one that the current cookies name", async () => {
  next.cookies = [{ name: "user", value: "bob" }];
  await fetchQuery(api.messages.list);
  next.cookies = [{ name: "user", value: "" }];
  next.request = new Map();
  await preloadQuery(api.messages.list);
  expect(calls.map((call) => call.at(-1))).toEqual(["bob", null]);
});

test("a render asks once who is calling: its preloads wait for one answer, and start in one tick", async () => {
  const identified = Promise.withResolvers<void>();
  identifying = identified.promise;
  const preloads = [preloadQuery(api.messages.list, { channel: "a" })];
  await Promise.resolve();
  preloads.push(preloadQuery(api.messages.list, { channel: "b" }));
  const fetched = fetchQuery(api.messages.list);
  await expect.poll(() => asked).toEqual(["user=ada"]);
  expect(calls).toEqual([]);
  // In the tick in which the first has begun, the others have, too.
  const begunTogether = new Promise<number>((resolve) => {
    vi.spyOn(calls, "push").mockImplementation((...more) => {
      if (calls.length === 0) queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => resolve(calls.length))));
      return Reflect.apply(Array.prototype.push, calls, more);
    });
  });
  identified.resolve();
  expect(await begunTogether).toBe(3);
  await Promise.all([...preloads, fetched]);
  expect(asked).toEqual(["user=ada"]);
  expect(calls.map((call) => call.at(-1))).toEqual(["ada", "ada", "ada"]);
});

test("an identify that fails refuses all that the page asks for, and makes no one anonymous", async () => {
  refusal = { kind: "internal", incident: "abc" };
  await expect(preloadQuery(api.messages.list)).rejects.toMatchObject(refusal);
  await expect(fetchMutation(api.messages.send, { text: "hi" })).rejects.toMatchObject(refusal);
  expect(asked).toHaveLength(1);
  expect(calls).toEqual([]);
});

test("an internal function is fetched by its reference, and by nothing that a visitor could send", async () => {
  expect(await fetchQuery(internal.messages.drafts)).toBe(7n);
  // As with a name from an address: a reference of `api` reaches public functions only.
  await fetchQuery(api.messages["drafts" as "list"]);
  expect(calls).toEqual([
    ["query", "messages:drafts", {}, "ada", "internal"],
    ["query", "messages:drafts", {}, "ada"],
  ]);
  await expect(fetchQuery("messages:drafts" as unknown as typeof api.messages.list)).rejects.toThrow(
    'fetchQuery: expected a reference such as api.messages.list. Found the text "messages:drafts".',
  );
  // @ts-expect-error an internal query
  await expect(preloadQuery(internal.messages.drafts)).rejects.toThrow(
    "preloadQuery: expected a reference from `api`. Found one from `internal`",
  );
  expect(calls).toHaveLength(2);
});

test("an identical preload runs once for each request; a write in between makes it run again", async () => {
  const one = preloadQuery(api.messages.list, { channel: "a" });
  const same = preloadQuery(api.messages.list, { channel: "a" });
  const other = preloadQuery(api.messages.list, { channel: "b" });
  expect(await one).toBe(await same);
  expect(await other).not.toBe(await one);
  expect(calls).toHaveLength(2);
  await fetchMutation(api.messages.send, { text: "hi" });
  expect(await preloadQuery(api.messages.list, { channel: "a" })).not.toBe(await one);
  next.request = new Map();
  await preloadQuery(api.messages.list, { channel: "a" });
  expect(calls.map(([kind]) => kind)).toEqual(["preload", "preload", "mutation", "preload", "preload"]);
});

test("functions are called with their kind and return decoded values", async () => {
  expect(await fetchQuery(api.messages.list)).toBe(7n);
  const sent = await fetchMutation(api.messages.send, { text: "hi" });
  expectTypeOf(sent).toEqualTypeOf<bigint>();
  expect(sent).toBe(7n);
  expect(await fetchAction(api.messages.mail)).toBe(7n);
  expect(calls).toEqual([
    ["query", "messages:list", {}, "ada"],
    ["mutation", "messages:send", { text: "hi" }, "ada"],
    ["action", "messages:mail", {}, "ada"],
  ]);
});

test("the error of a function is thrown with its kind", async () => {
  failure = { kind: "application", data: { code: { $t: ["bigint", "1"] } } };
  const thrown = await fetchMutation(api.messages.send, { text: "" }).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConvexError);
  expect(thrown).toMatchObject({ kind: "application", data: { code: 1n } });
  failure = { kind: "badRequest", message: "no", issues: [{ path: ["text"], message: "too short" }] };
  await expect(preloadQuery(api.messages.list)).rejects.toMatchObject(failure);
  failure = { kind: "internal", incident: "abc" };
  await expect(fetchQuery(api.messages.list)).rejects.toMatchObject(failure);
});

test("inside `after()` of a page the message says what to do", async () => {
  next.connection = () =>
    Promise.reject(new Error("Route /chat used `connection()` inside `after()`. This is not supported."));
  await expect(fetchMutation(api.messages.send, { text: "hi" })).rejects.toThrow(
    "fetchMutation: the request of a page cannot be read inside `after()`, and with it who is calling. Begin the call before",
  );
  expect(calls).toEqual([]);
});

test("without a server the message says why, and what to do", async () => {
  offerRuntime(undefined as unknown as Runtime);
  await expect(preloadQuery(api.messages.list)).rejects.toThrow(
    /^preloadQuery: there is no convex-lite server.*convex-lite dev/,
  );
  next.request = new Map();
  next.connection = async () => {
    throw new Error("used `connection()` inside `generateStaticParams`");
  };
  await expect(fetchQuery(api.messages.list)).rejects.toThrow(/^fetchQuery: .*generateStaticParams/);
  vi.stubEnv("NEXT_PHASE", "phase-production-build");
  await expect(fetchMutation(api.messages.send, { text: "" })).rejects.toThrow(
    /^fetchMutation: `next build` runs no server/,
  );
  vi.stubEnv("NEXT_RUNTIME", "edge");
  await expect(preloadQuery(api.messages.list)).rejects.toThrow(/edge runtime/);
});

test("errors by which Next stops a static render pass through unchanged", async () => {
  const signal = Object.assign(new Error("dynamic"), { digest: "DYNAMIC_SERVER_USAGE" });
  next.connection = async () => {
    throw signal;
  };
  offerRuntime(undefined as unknown as Runtime);
  await expect(preloadQuery(api.messages.list)).rejects.toBe(signal);
});
