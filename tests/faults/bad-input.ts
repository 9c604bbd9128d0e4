/** Messages that our client never sends, and how the server answers: with a close code, or a message. */
export interface BadFrame {
  name: string;
  /** Sent one after the other; a Buffer goes as a binary message. */
  frames: readonly (string | Buffer)[];
  answer: { code: number } | { type: string };
}

/** The same for `POST /api/convex/…`. */
export interface BadRequest {
  name: string;
  path: string;
  body: string;
  headers?: Record<string, string>;
  method?: string;
  status: number;
}

const clientId = "0123456789abcdef0123456789abcdef";
const connect = JSON.stringify({ type: "Connect", protocol: 4, clientId });
const text = (message: unknown) => JSON.stringify(message);
const subscribe = (args: string, more = "") =>
  `{"type":"Subscribe","queries":[{"query":1,"path":"notes:list","args":${args}${more}}]}`;
const mutate = (args: string, request = "1", path = "notes:add") =>
  `{"type":"Mutate","request":${request},"path":"${path}","args":${args},"confirmedUpTo":0}`;
const deep = (levels: number) => `{"room":${"[".repeat(levels)}${"]".repeat(levels)}}`;
const BAD = { code: 4400 };
const REFUSED = { type: "Transition" };
const FAILED = { type: "MutationFailed" };

export const BAD_FRAMES: readonly BadFrame[] = [
  // frames
  { name: "a binary message", frames: [connect, Buffer.from("{}")], answer: BAD },
  { name: "an empty message", frames: [connect, ""], answer: BAD },
  { name: "no JSON", frames: [connect, "hello"], answer: BAD },
  { name: "half a message", frames: [connect, '{"type":"Pi'], answer: BAD },
  { name: "two messages in one frame", frames: [connect, '{"type":"Ping"}{"type":"Ping"}'], answer: BAD },
  { name: "null", frames: [connect, "null"], answer: BAD },
  { name: "a list", frames: [connect, "[]"], answer: BAD },
  { name: "a number", frames: [connect, "1"], answer: BAD },
  { name: "a frame beyond the limit", frames: [connect, " ".repeat(1024 * 1024 + 1)], answer: { code: 1009 } },
  // order
  { name: "Subscribe before Connect", frames: [subscribe('{"room":"a"}')], answer: BAD },
  { name: "Mutate before Connect", frames: [mutate('{"room":"a","text":"b"}')], answer: BAD },
  { name: "Connect twice", frames: [connect, connect], answer: BAD },
  {
    name: "a query number twice",
    frames: [connect, subscribe('{"room":"a"}'), subscribe('{"room":"b"}')],
    answer: BAD,
  },
  // types, ids, versions
  { name: "an unknown type", frames: [connect, text({ type: "Drop" })], answer: BAD },
  { name: "no type", frames: [connect, "{}"], answer: BAD },
  { name: "a type from the prototype", frames: [connect, text({ type: "constructor" })], answer: BAD },
  { name: "an unknown field", frames: [connect, text({ type: "Ping", admin: true })], answer: BAD },
  { name: "another version", frames: [text({ type: "Connect", protocol: 99, clientId })], answer: { code: 4426 } },
  { name: "a version that is no number", frames: [text({ type: "Connect", protocol: "1", clientId })], answer: BAD },
  {
    name: "a client id that is none",
    frames: [text({ type: "Connect", protocol: 4, clientId: "x' or 1=1 --" })],
    answer: BAD,
  },
  { name: "query 0", frames: [connect, subscribe('{"room":"a"}').replace('"query":1', '"query":0')], answer: BAD },
  { name: "query 1.5", frames: [connect, subscribe('{"room":"a"}').replace('"query":1', '"query":1.5')], answer: BAD },
  {
    name: "query 1e300",
    frames: [connect, subscribe('{"room":"a"}').replace('"query":1', '"query":1e300')],
    answer: BAD,
  },
  { name: "a negative request", frames: [connect, mutate('{"room":"a","text":"b"}', "-1")], answer: BAD },
  { name: "a request far ahead", frames: [connect, mutate('{"room":"a","text":"b"}', "7")], answer: FAILED },
  { name: "no queries", frames: [connect, text({ type: "Subscribe", queries: [] })], answer: BAD },
  {
    name: "too many queries",
    frames: [
      connect,
      text({
        type: "Subscribe",
        queries: Array.from({ length: 300 }, (_, i) => ({ query: i + 1, path: "notes:list", args: { room: "a" } })),
      }),
    ],
    answer: { code: 4429 },
  },
  {
    name: "too many messages",
    frames: [connect, ...Array.from({ length: 300 }, () => '{"type":"Pong"}')],
    answer: { code: 4429 },
  },
  // paths
  {
    name: "an unknown query",
    frames: [connect, subscribe("{}").replace("notes:list", "notes:nothing")],
    answer: REFUSED,
  },
  {
    name: "a path of the prototype",
    frames: [connect, subscribe("{}").replace("notes:list", "__proto__:toString")],
    answer: REFUSED,
  },
  { name: "a path into an object", frames: [connect, mutate("{}", "1", "notes:constructor")], answer: FAILED },
  { name: "a path out of the folder", frames: [connect, mutate("{}", "1", "../../etc/passwd:add")], answer: FAILED },
  { name: "a path too long", frames: [connect, mutate("{}", "1", `${"a".repeat(600)}:b`)], answer: BAD },
  {
    name: "a mutation as a query",
    frames: [connect, subscribe("{}").replace("notes:list", "notes:add")],
    answer: REFUSED,
  },
  {
    name: "a query that fails in the database",
    frames: [connect, subscribe("{}").replace("notes:list", "notes:broken")],
    answer: REFUSED,
  },
  // arguments
  { name: "arguments that are a list", frames: [connect, subscribe("[]")], answer: BAD },
  { name: "arguments of the wrong type", frames: [connect, subscribe('{"room":{"$ne":null}}')], answer: REFUSED },
  { name: "an argument too many", frames: [connect, subscribe('{"room":"a","more":1}')], answer: REFUSED },
  {
    name: "an argument named __proto__",
    frames: [connect, subscribe('{"room":"a","__proto__":{"admin":true}}')],
    answer: REFUSED,
  },
  {
    name: "an argument named constructor",
    frames: [connect, mutate('{"room":"a","text":"b","constructor":{"prototype":{}}}')],
    answer: FAILED,
  },
  { name: "arguments deeper than the limit", frames: [connect, mutate(deep(100))], answer: FAILED },
  { name: "arguments as deep as a stack", frames: [connect, mutate(deep(100_000))], answer: { code: 4413 } },
  {
    name: "a number beyond every number",
    frames: [connect, mutate('{"room":"a","text":"b","times":1e999}')],
    answer: FAILED,
  },
  {
    name: "a number that is a fraction",
    frames: [connect, mutate('{"room":"a","text":"b","times":1.5}')],
    answer: FAILED,
  },
  {
    name: "half of a surrogate pair and a zero byte",
    frames: [connect, mutate('{"room":"a","text":"\\ud800\\u0000"}')],
    answer: FAILED,
  },
  // forged tags
  { name: "an unknown tag", frames: [connect, mutate('{"room":"a","text":{"$t":["function","x"]}}')], answer: FAILED },
  { name: "a tag without a body", frames: [connect, mutate('{"room":"a","text":{"$t":[]}}')], answer: FAILED },
  { name: "a tag that is no list", frames: [connect, mutate('{"room":"a","text":{"$t":"date"}}')], answer: FAILED },
  {
    name: "a bigint that is none",
    frames: [connect, mutate('{"room":"a","text":{"$t":["bigint","9".repeat(9)]}}'.replace('"9".repeat(9)', '"9x"'))],
    answer: FAILED,
  },
  {
    name: "a date that is none",
    frames: [connect, mutate('{"room":"a","text":{"$t":["date","yesterday"]}}')],
    answer: FAILED,
  },
  {
    name: "an object tag with __proto__",
    frames: [connect, mutate('{"room":"a","text":{"$t":["object",[["__proto__",1]]]}}')],
    answer: FAILED,
  },
];

const json = { "content-type": "application/json" };
const call = (path: string, args: string) => `{"path":"${path}","args":${args}}`;

export const BAD_REQUESTS: readonly BadRequest[] = [
  { name: "no JSON", path: "mutation", body: "hello", status: 400 },
  { name: "nothing", path: "mutation", body: "", status: 400 },
  { name: "a list", path: "query", body: "[]", status: 400 },
  { name: "an unknown field", path: "query", body: '{"path":"notes:total","args":{},"admin":true}', status: 400 },
  { name: "a path that is no text", path: "query", body: '{"path":{},"args":{}}', status: 400 },
  { name: "an unknown function", path: "query", body: call("notes:nothing", "{}"), status: 404 },
  { name: "a path of the prototype", path: "query", body: call("__proto__:toString", "{}"), status: 404 },
  { name: "a mutation as a query", path: "query", body: call("notes:add", "{}"), status: 404 },
  { name: "arguments that are a list", path: "mutation", body: call("notes:add", "[]"), status: 400 },
  {
    name: "arguments of the wrong type",
    path: "mutation",
    body: call("notes:add", '{"room":1,"text":[]}'),
    status: 400,
  },
  {
    name: "an argument named __proto__",
    path: "mutation",
    body: call("notes:add", '{"room":"a","text":"b","__proto__":{}}'),
    status: 400,
  },
  { name: "arguments deeper than the limit", path: "mutation", body: call("notes:add", deep(100)), status: 400 },
  { name: "arguments as deep as a stack", path: "mutation", body: call("notes:add", deep(100_000)), status: 400 },
  {
    name: "an unknown tag",
    path: "mutation",
    body: call("notes:add", '{"room":"a","text":{"$t":["function","x"]}}'),
    status: 400,
  },
  { name: "a zero byte", path: "mutation", body: call("notes:add", '{"room":"a","text":"\\u0000"}'), status: 400 },
  { name: "a query that fails in the database", path: "query", body: call("notes:broken", "{}"), status: 500 },
  { name: "a body beyond the limit", path: "mutation", body: " ".repeat(1024 * 1024 + 1), status: 413 },
  { name: "a form", path: "mutation", body: "path=notes:add", headers: { "content-type": "text/plain" }, status: 415 },
  { name: "GET", path: "query", body: "", method: "GET", status: 405 },
  {
    name: "a foreign origin",
    path: "query",
    body: call("notes:total", "{}"),
    headers: { ...json, origin: "https://evil.example" },
    status: 403,
  },
  {
    name: "the origin null",
    path: "query",
    body: call("notes:total", "{}"),
    headers: { ...json, origin: "null" },
    status: 403,
  },
];
