import { describe, expect, test } from "vitest";
import { clientMessage } from "./client-message.ts";
import { serverMessage } from "./server-message.ts";

const clientId = "0123456789abcdef0123456789abcdef";
const subscribe = { type: "Subscribe", queries: [{ query: 1, path: "messages:list", args: {} }] };
const mutate = { type: "Mutate", request: 1, path: "messages:send", args: { text: "hi" }, confirmedUpTo: 0 };

describe("a client may send", () => {
  test.each<object>([
    { type: "Connect", protocol: 4, clientId },
    { type: "Connect", protocol: 99, clientId, identity: null, undecided: [3, 4] },
    { type: "Connect", protocol: 4, clientId, identity: "a".repeat(22), undecided: [] },
    subscribe,
    {
      type: "Subscribe",
      queries: [{ query: 2, path: "admin/users:list", args: { a: { $t: ["date", 0] } }, token: "x" }],
    },
    { type: "Unsubscribe", queries: [1, 2] },
    mutate,
    { type: "Act", request: 7, path: "a:b", args: {} },
    { type: "Ping" },
    { type: "Pong" },
  ])("%j", (message) => {
    expect(clientMessage.parse(message)).toEqual(message);
  });
});

describe("a client may not send", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["an array", []],
    ["a message without a type", { clientId }],
    ["a type that does not exist", { type: "Constructor" }],
    ["a message of the server", { type: "Transition", at: 1 }],
    ["a field that does not exist", { ...mutate, caller: "admin" }],
    ["a nested field that does not exist", { ...subscribe, queries: [{ ...subscribe.queries[0], identity: "a" }] }],
    ["a client id that is no 128 bits", { type: "Connect", protocol: 4, clientId: clientId.slice(1) }],
    ["a client id in capitals", { type: "Connect", protocol: 4, clientId: clientId.toUpperCase() }],
    ["a client id with a line end", { type: "Connect", protocol: 4, clientId: `${clientId}\n` }],
    ["a fingerprint that is too long", { type: "Connect", protocol: 4, clientId, identity: "a".repeat(65) }],
    ["too many undecided mutations", { type: "Connect", protocol: 4, clientId, undecided: Array(1001).fill(1) }],
    ["no query at all", { type: "Subscribe", queries: [] }],
    ["a query number 0", { type: "Unsubscribe", queries: [0] }],
    ["half a query number", { type: "Unsubscribe", queries: [1.5] }],
    ["a number that is not exact", { ...mutate, request: 2 ** 53 }],
    ["a number as text", { ...mutate, request: "1" }],
    ["a mutation without a number", { ...mutate, request: undefined }],
    ["a negative confirmedUpTo", { ...mutate, confirmedUpTo: -1 }],
    ["a path that is too long", { ...mutate, path: "a".repeat(513) }],
    ["arguments that are no object", { ...mutate, args: [1] }],
    ["arguments that are null", { ...mutate, args: null }],
    ["a token that is too long", { ...subscribe, queries: [{ ...subscribe.queries[0], token: "x".repeat(65) }] }],
  ])("%s", (_, message) => {
    expect(clientMessage.safeParse(message).success).toBe(false);
  });

  test("a field through the prototype of an object", () => {
    const text = `{"type":"Mutate","request":1,"path":"a:b","confirmedUpTo":0,"args":{"__proto__":{"admin":true}}}`;
    const message = clientMessage.safeParse(JSON.parse(text));
    expect((message.data as { args?: { admin?: boolean } } | undefined)?.args?.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe("the server may send", () => {
  const limits = {
    subscriptions: 256,
    unacknowledgedMutations: 32,
    unacknowledgedBytes: 1,
    messagesPerSecond: 50,
    bytesPerSecond: 1,
    frameBytes: 1,
    queryArgsBytes: 1,
    pingIntervalMs: 1,
    silenceTimeoutMs: 2,
  };
  test.each<object>([
    { type: "Connected", epoch: "e", identity: null, limits },
    { type: "Transition", at: 0 },
    {
      type: "Transition",
      at: 12,
      reflected: [3],
      maps: [[1, 7]],
      refused: [[2, { kind: "badRequest", message: "…" }]],
      answers: [
        { live: 7, token: "k", value: [] },
        {
          live: 9,
          token: "~k",
          splices: [
            [0, 1],
            [-1, 0, { id: 1 }],
          ],
          around: { page: [] },
        },
        { live: 8, error: { kind: "internal", incident: "i" } },
      ],
    },
    { type: "Patch", at: 13, live: 9, token: "~k", splices: [[-1, 0, { id: 2 }]] },
    { type: "Patch", at: 14, live: 9, token: "~k", splices: [], around: { page: [], isDone: true } },
    { type: "MutationSucceeded", request: 1, value: null },
    { type: "MutationFailed", request: 1, error: { kind: "application", data: { code: "no" } } },
    { type: "ActionSucceeded", request: 1, value: { $t: ["undefined"] } },
    { type: "ActionFailed", request: 1, error: { kind: "unavailable", reason: "outcomeUnknown", message: "…" } },
    { type: "Draining", returnAfterMs: 500 },
    { type: "Notice", message: "…" },
    { type: "Ping" },
    { type: "Pong" },
  ])("%j", (message) => {
    expect(serverMessage.parse(message)).toEqual(message);
  });

  test.each<[string, unknown]>([
    ["an error of a kind that clients do not know", { type: "MutationFailed", request: 1, error: { kind: "fatal" } }],
    [
      "that a call is unavailable without a reason",
      { type: "MutationFailed", request: 1, error: { kind: "unavailable", message: "…" } },
    ],
    [
      "that a call is unavailable for a reason that clients do not know",
      { type: "MutationFailed", request: 1, error: { kind: "unavailable", reason: "later", message: "…" } },
    ],
    ["a map without a live query", { type: "Transition", at: 1, maps: [[1]] }],
    ["an answer without a token", { type: "Transition", at: 1, answers: [{ live: 1, value: 1 }] }],
    ["a splice without a place", { type: "Transition", at: 1, answers: [{ live: 1, token: "k", splices: [[]] }] }],
    ["a patch without a state", { type: "Patch", live: 1, token: "k", splices: [] }],
    ["a state before the first", { type: "Transition", at: -1 }],
  ])("but not %s", (_, message) => {
    expect(serverMessage.safeParse(message).success).toBe(false);
  });
});
