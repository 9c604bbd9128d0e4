// @vitest-environment happy-dom
// biome-ignore-all lint/correctness/noComponentHookFactories: each test renders a component of its own, once
import { act, createElement, Fragment, memo, type ReactNode, StrictMode, Suspense, use, useState } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RenderedPage } from "../../tests/support/rendered-page.ts";
import { type ScriptedServer, settle } from "../../tests/support/scripted-server.ts";
import {
  ConvexProvider,
  HydrateQueries,
  useAction,
  useConnectionState,
  useMutation,
  usePreloadedQuery,
  useQueries,
  useQuery,
} from "../entries/react.ts";
import { createReferences, type FunctionReference, type PublicQuery } from "../functions/reference.ts";
import type { Preloaded } from "../protocol/preloaded.ts";

type Row = { id: number; text: string };
interface Api {
  messages: {
    list: FunctionReference<"query", "public", { channel: string }, Row[]>;
    count: FunctionReference<"query", "public", Record<string, never>, number>;
    send: FunctionReference<"mutation", "public", { text: string }, number>;
    relay: FunctionReference<"action", "public", { text: string }, string>;
  };
}
const api = createReferences<Api>();
const general = { channel: "general" };
const ONE: Row[] = [{ id: 1, text: "one" }];

function preloaded(value: unknown, more: Partial<Preloaded<PublicQuery>> = {}): Preloaded<Api["messages"]["list"]> {
  const text = JSON.stringify(value);
  const rest = { epoch: "epoch-1", at: 5, identity: null };
  return { path: "messages:list", args: general, text, token: `token of ${text}`, ...rest, ...more } as never;
}

let screen: RenderedPage;
let server: ScriptedServer;
let container: HTMLElement;
const renders = new Map<string, number>();

beforeEach(() => {
  screen = new RenderedPage();
  ({ server, container } = screen);
  renders.clear();
});
afterEach(() => screen.close());

function rendered(name: string): void {
  renders.set(name, (renders.get(name) ?? 0) + 1);
}

function page(client = server.client(), ...children: ReactNode[]): ReactNode {
  return createElement(ConvexProvider, { client }, ...children);
}

describe("useQuery", () => {
  test("loads, then is live; equal queries share one subscription", async () => {
    await screen.mount(page(server.client(), createElement(List), "|", createElement(List, { name: "other" })));
    expect(container.textContent).toBe("loading|loading");
    expect(server.heard("Subscribe")).toMatchObject([{ queries: [{ path: "messages:list" }] }]);
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [{ live: 1, token: "1", value: ONE }] });
    expect(container.textContent).toBe("one|one");
    expect([...renders.values()]).toEqual([2, 2]);
  });

  test("watches nothing while skipped, and again when it is not", async () => {
    let start = () => {};
    function Maybe(): ReactNode {
      const [isOn, setOn] = useState(false);
      start = () => setOn(true);
      const { data, isLoading } = useQuery(api.messages.list, isOn ? general : "skip");
      return `${isLoading} ${data?.length}`;
    }
    await screen.mount(page(server.client(), createElement(Maybe)));
    expect(container.textContent).toBe("false undefined");
    expect(server.network.pairs.flatMap((pair) => pair.saidByClient).map((said) => said.type)).not.toContain(
      "Subscribe",
    );
    await screen.does(() => {
      start();
    });
    expect(container.textContent).toBe("true undefined");
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [{ live: 1, token: "1", value: ONE }] });
    expect(container.textContent).toBe("false 1");
  });

  test("under StrictMode subscribes once, and stays subscribed", async () => {
    await screen.mount(createElement(StrictMode, null, page(server.client(), createElement(List))));
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [{ live: 1, token: "1", value: ONE }] });
    server.clock.advance(6_000);
    await settle();
    expect(container.textContent).toBe("one");
    expect(server.network.pairs).toHaveLength(1);
    expect(server.network.last.saidByClient.map(({ type }) => type)).toEqual(["Connect", "Subscribe"]);
  });

  test("an update of several queries renders once, from one state; rows that did not change stay the same objects", async () => {
    const Line = memo(function Line({ row }: { row: Row }): ReactNode {
      rendered(`row ${row.id}`);
      return row.text;
    });
    function Both(): ReactNode {
      const list = useQuery(api.messages.list, general);
      const count = useQuery(api.messages.count);
      rendered("both");
      return [`${count.data}:`, ...(list.data ?? []).map((row) => createElement(Line, { key: row.id, row }))];
    }
    await screen.mount(page(server.client(), createElement(Both)));
    const maps: [number, number][] = [
      [1, 1],
      [2, 2],
    ];
    await screen.transition({
      at: 1,
      maps,
      answers: [
        { live: 1, token: "1", value: ONE },
        { live: 2, token: "2", value: 1 },
      ],
    });
    const more = [...ONE, { id: 2, text: "two" }];
    await screen.transition({
      at: 2,
      answers: [
        { live: 1, token: "3", value: more },
        { live: 2, token: "4", value: 2 },
      ],
    });
    expect(container.textContent).toBe("2:onetwo");
    expect(Object.fromEntries(renders)).toEqual({ both: 3, "row 1": 1, "row 2": 1 });
  });

  test("names the missing provider", async () => {
    await expect(screen.mount(createElement(List))).rejects.toThrow("<ConvexProvider>");
  });
});

describe("useQuery whose arguments differ on every render", () => {
  /** Answers whatever is asked for, as often as the component asks. */
  async function answerAll(times: number): Promise<void> {
    let answered = 0;
    for (let at = 1; at <= times; at++) {
      const asked = server.heard("Subscribe").flatMap(({ queries }) => queries);
      const maps = asked.slice(answered).map(({ query }) => [query, query] as [number, number]);
      answered = asked.length;
      const answers = maps.map(([, live]) => ({ live, token: String(live), value: ONE }));
      await screen.transition({ at, maps, answers });
    }
  }

  test("is told so in development, once", async () => {
    let renders = 0;
    function Restless(): ReactNode {
      const { isLoading } = useQuery(api.messages.list, { channel: `general ${renders++}` });
      return isLoading ? "loading" : "loaded";
    }
    await screen.mount(page(server.client(), createElement(Restless)));
    await answerAll(3);
    await act(() => new Promise((resolve) => setTimeout(resolve)));
    await answerAll(12);
    expect(container.textContent).toBe("loading");
    expect(screen.takeComplaints()).toEqual([
      expect.stringMatching(
        /useQuery of messages:list loads for ever: its arguments differ on every render.*"general 0".*"general 1"/,
      ),
    ]);
  });

  test("is not told of arguments that change as the user types", async () => {
    let type: (text: string) => void = () => {};
    function Search(): ReactNode {
      const [channel, set] = useState("");
      type = set;
      const { isLoading } = useQuery(api.messages.list, { channel });
      return isLoading ? "loading" : "loaded";
    }
    await screen.mount(page(server.client(), createElement(Search)));
    for (let i = 0; i < 12; i++) await act(async () => type("general".repeat(i)));
    await answerAll(1);
    expect(container.textContent).toBe("loaded");
  });
});

describe("useQueries", () => {
  test("gives all results of one state under their names, and follows a changing set", async () => {
    let ask: (names: string[]) => void = () => {};
    function Many(): ReactNode {
      const [channels, setChannels] = useState(["a", "b"]);
      ask = setChannels;
      const requests = Object.fromEntries(
        channels.map((channel) => [channel, { query: api.messages.list, args: { channel } }]),
      );
      rendered("many");
      const results = useQueries(requests);
      return Object.entries(results).map(([name, { data, isLoading }]) => `${name}${isLoading ? "?" : data?.length} `);
    }
    await screen.mount(page(server.client(), createElement(Many)));
    await screen.transition({
      at: 1,
      maps: [
        [1, 1],
        [2, 2],
      ],
      answers: [
        { live: 1, token: "1", value: [] },
        { live: 2, token: "2", value: ONE },
      ],
    });
    expect(container.textContent).toBe("a0 b1 ");
    expect(renders.get("many")).toBe(2);
    await screen.does(() => {
      ask(["b", "c"]);
    });
    expect(container.textContent).toBe("b1 c? ");
    expect(server.heard("Subscribe")[1]?.queries).toMatchObject([{ args: { channel: "c" } }]);
  });
});

describe("on the server", () => {
  test("preloaded queries have data, others load; nothing connects and no timer is left", () => {
    const hydrated = createElement(HydrateQueries, { preloaded: [preloaded(ONE)] }, createElement(List));
    const html = renderToString(page(server.client(), hydrated, "|", createElement(List), "|", createElement(State)));
    expect(html.replaceAll("<!-- -->", "")).toBe("one|loading|connecting");
    expect(server.network.pairs).toHaveLength(0);
    expect(server.clock.waiting).toBe(0);
  });

  test("a provider without props makes a client of its own for each render", () => {
    const html = () => renderToString(createElement(ConvexProvider, null, createElement(List)));
    expect([html(), html()]).toEqual(["loading", "loading"]);
  });
});

function State(): ReactNode {
  return useConnectionState().state;
}

describe("hydration", () => {
  const pages: Record<string, (from: Preloaded<Api["messages"]["list"]>) => ReactNode> = {
    usePreloadedQuery: (from) => createElement(PreloadedList, { from }),
    "useQuery(preloaded)": (from) =>
      createElement(function Live(): ReactNode {
        rendered("list");
        return useQuery(from)
          .data.map((row) => row.text)
          .join(",");
      }),
    HydrateQueries: (from) => createElement(HydrateQueries, { preloaded: [from] }, createElement(List)),
  };

  test.each(Object.keys(pages))("with %s renders once, costs one short answer, then is live", async (kind) => {
    const from = preloaded(ONE);
    const node = () => page(server.client(), (pages[kind] as (typeof pages)[string])(from));
    const html = renderToString(node());
    renders.clear();
    await screen.hydrate(html, node());
    expect(container.textContent).toBe("one");
    expect(server.heard("Subscribe")[0]?.queries[0]).toMatchObject({ token: from.token });
    await screen.transition({ at: 6, maps: [[1, 1]] });
    expect(renders.get("list")).toBe(1);
    await screen.transition({ at: 7, answers: [{ live: 1, token: "2", value: [{ id: 2, text: "two" }] }] });
    expect(container.textContent).toBe("two");
    expect(renders.get("list")).toBe(2);
  });

  test("under StrictMode shows no warning either", async () => {
    const node = () =>
      createElement(
        StrictMode,
        null,
        page(server.client(), createElement(HydrateQueries, { preloaded: [preloaded(ONE)] }, createElement(List))),
      );
    await screen.hydrate(renderToString(node()), node());
    expect(container.textContent).toBe("one");
  });

  test("of a late part equals what the server rendered, though there is a newer answer; then it shows the newer one", async () => {
    let finish: (value: string) => void = () => {};
    const later = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const from = preloaded(ONE);
    function Late({ wait }: { wait: Promise<string> | undefined }): ReactNode {
      if (wait) use(wait);
      return createElement(Fragment, null, createElement(List), createElement(PreloadedList, { from }));
    }
    const node = (wait: Promise<string> | undefined) =>
      page(
        server.client(),
        createElement(
          HydrateQueries,
          { preloaded: [from] },
          createElement(List, { name: "early" }),
          createElement(Suspense, { fallback: "…" }, createElement(Late, { wait })),
        ),
      );
    const html = renderToString(node(undefined));
    await screen.hydrate(html, node(later));
    await screen.transition({
      at: 9,
      maps: [[1, 1]],
      answers: [{ live: 1, token: "2", value: [{ id: 1, text: "new" }] }],
    });
    expect(container.textContent).toBe("newoneone");
    await screen.does(() => {
      finish("");
    });
    expect(container.textContent).toBe("newnewnew");
  });
});

describe("a page with preloaded answers", () => {
  test("shows them on its first render after a navigation, unless a newer one was shown", async () => {
    let go: (from: Preloaded<Api["messages"]["list"]> | null) => void = () => {};
    const seen: string[] = [];
    function Router(): ReactNode {
      const [from, setFrom] = useState<Preloaded<Api["messages"]["list"]> | null>(null);
      go = setFrom;
      return from && createElement(HydrateQueries, { preloaded: [from] }, createElement(Seen));
    }
    function Seen(): ReactNode {
      const { data } = useQuery(api.messages.list, general);
      seen.push(data?.map((row) => row.text).join(",") ?? "loading");
      return null;
    }
    await screen.mount(page(server.client(), createElement(Router)));
    const old = preloaded(ONE, { at: 5 });
    await act(async () => go(old));
    await screen.transition({
      at: 9,
      maps: [[1, 1]],
      answers: [{ live: 1, token: "n", value: [{ id: 1, text: "newer" }] }],
    });
    await act(async () => go(null));
    server.clock.advance(5_000);
    await settle();
    expect(server.heard("Unsubscribe")).toHaveLength(1);
    await act(async () => go(old));
    expect(seen).toEqual(["one", "newer", "newer"]);
    expect(server.heard("Subscribe")[1]?.queries).toMatchObject([{ token: "n" }]);
  });

  test("that are ahead of the connection are shown until it has caught up, and never go back", async () => {
    let refresh: (from: Preloaded<Api["messages"]["list"]>) => void = () => {};
    function Router(): ReactNode {
      const [from, setFrom] = useState(preloaded(ONE, { at: 5 }));
      refresh = setFrom;
      return createElement(PreloadedList, { from });
    }
    await screen.mount(page(server.client(), createElement(Router)));
    await screen.transition({ at: 6, maps: [[1, 1]] });
    await act(async () => refresh(preloaded([{ id: 1, text: "ahead" }], { at: 8 })));
    expect(container.textContent).toBe("ahead");
    await screen.transition({ at: 7, answers: [{ live: 1, token: "b", value: [{ id: 1, text: "behind" }] }] });
    expect(container.textContent).toBe("ahead");
    await act(async () => refresh(preloaded([{ id: 1, text: "old" }], { at: 4 })));
    expect(container.textContent).toBe("ahead");
    await act(async () => refresh(preloaded([{ id: 1, text: "elsewhere" }], { at: 99, epoch: "epoch-2" })));
    expect(container.textContent).toBe("ahead");
    await screen.transition({ at: 8, answers: [{ live: 1, token: "c", value: [{ id: 1, text: "ahead" }] }] });
    await screen.transition({ at: 9, answers: [{ live: 1, token: "d", value: [{ id: 1, text: "now" }] }] });
    expect(container.textContent).toBe("now");
  });

  test("of another identity costs one reconnect; if the identity stays the same, the page waits for the server", async () => {
    server.identity = "alice";
    const from = preloaded([{ id: 1, text: "bob's" }], { identity: "bob" });
    const list = createElement(Suspense, { fallback: "…" }, createElement(PreloadedList, { from }));
    await screen.mount(page(server.client(), list));
    expect(server.network.pairs).toHaveLength(2);
    expect(container.textContent).toBe("…");
    await screen.transition({
      at: 6,
      maps: [[1, 1]],
      answers: [{ live: 1, token: "a", value: [{ id: 1, text: "alice's" }] }],
    });
    expect(container.textContent).toBe("alice's");
    server.clock.advance(5_000);
    await settle();
    expect(server.network.pairs).toHaveLength(2);
  });

  test("of the identity that signed in replaces the connection's, with one reconnect", async () => {
    server.identity = "alice";
    let refresh: (from: Preloaded<Api["messages"]["list"]>) => void = () => {};
    function Router(): ReactNode {
      const [from, setFrom] = useState(preloaded(ONE, { identity: "alice" }));
      refresh = setFrom;
      return createElement(PreloadedList, { from });
    }
    await screen.mount(page(server.client(), createElement(Router)));
    await screen.transition({ at: 6, maps: [[1, 1]] });
    server.identity = "bob";
    await screen.does(() => {
      refresh(preloaded([{ id: 1, text: "bob's" }], { identity: "bob", at: 7 }));
    });
    expect(container.textContent).toBe("bob's");
    expect(server.network.pairs).toHaveLength(2);
    expect(server.heard("Subscribe")[0]?.queries).toMatchObject([{ token: expect.stringContaining("bob's") }]);
    await screen.transition({ at: 8, maps: [[1, 1]] });
    expect(container.textContent).toBe("bob's");
  });
});

describe("useMutation", () => {
  test("reports the state of its calls, keeps mutate the same, and shows an inline optimistic update", async () => {
    const mutates = new Set<unknown>();
    let send: (args: { text: string }) => Promise<number> = () => Promise.reject(new Error("not rendered"));
    let state = "";
    function Sender(): ReactNode {
      const { mutate, isPending, error } = useMutation(api.messages.send).withOptimisticUpdate(
        (localStore, { text }) => {
          const rows = localStore.getQuery(api.messages.list, general);
          if (rows) localStore.setQuery(api.messages.list, general, [...rows, { id: -1, text }]);
        },
      );
      mutates.add(mutate);
      send = mutate;
      state = `${isPending} ${error?.kind}`;
      return null;
    }
    await screen.mount(page(server.client(), createElement(List), createElement(Sender)));
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [{ live: 1, token: "1", value: ONE }] });
    let result: Promise<number> = Promise.resolve(0);
    await screen.does(() => {
      result = send({ text: "two" });
    });
    expect([container.textContent, state]).toEqual(["one,two", "true undefined"]);
    server.say({ type: "MutationSucceeded", request: 1, value: 2 });
    const rows = [...ONE, { id: 2, text: "two" }];
    await screen.transition({ at: 2, reflected: [1], answers: [{ live: 1, token: "2", value: rows }] });
    await expect(result).resolves.toBe(2);
    expect([container.textContent, state]).toEqual(["one,two", "false undefined"]);
    await act(async () => {
      void send({ text: "three" }); // not awaited: the error shows, and no rejection is left unhandled
      await settle();
      server.say({ type: "MutationFailed", request: 2, error: { kind: "internal", incident: "x" } });
      await settle();
    });
    expect([container.textContent, state]).toEqual(["one,two", "false internal"]);
    expect(mutates.size).toBe(1);
  });
});

describe("a call whose outcome the component does not wait for", () => {
  /** What Node reports as unhandled while `during` runs. The runner would fail for it. */
  async function unhandled(during: () => Promise<void>): Promise<unknown[]> {
    const reported: unknown[] = [];
    const listeners = process.rawListeners("unhandledRejection") as NodeJS.UnhandledRejectionListener[];
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => reported.push(reason));
    try {
      await during();
      await new Promise((resolve) => setTimeout(resolve));
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of listeners) process.on("unhandledRejection", listener);
    }
    return reported;
  }

  const hooks: [string, string, (isErrorRead: boolean) => (args: { text: string }) => Promise<unknown>][] = [
    [
      "Mutate",
      "MutationFailed",
      (isErrorRead) => {
        const mutation = useMutation(api.messages.send).withOptimisticUpdate(() => {});
        rendered(isErrorRead ? String(mutation.error?.kind) : "");
        return mutation.mutate;
      },
    ],
    [
      "Act",
      "ActionFailed",
      (isErrorRead) => {
        const action = useAction(api.messages.relay);
        rendered(isErrorRead ? String(action.error?.kind) : "");
        return action.run;
      },
    ],
  ];

  async function failed(hook: (typeof hooks)[number], isErrorRead: boolean): Promise<unknown[]> {
    const [message, type, use] = hook;
    let call: (args: { text: string }) => Promise<unknown> = async () => {};
    function Caller(): ReactNode {
      call = use(isErrorRead);
      return null;
    }
    await screen.mount(page(server.client(), createElement(Caller)));
    return unhandled(() =>
      act(async () => {
        void call({ text: "x" });
        await settle();
        const request = server.heard(message as "Mutate")[0]?.request ?? 0;
        server.say({ type: type as "MutationFailed", request, error: { kind: "internal", incident: "x" } });
        await settle();
      }),
    );
  }

  test.each(hooks)("is reported if the component does not read `error`: %s", async (...hook) => {
    expect(await failed(hook, false)).toMatchObject([{ kind: "internal" }]);
  });

  test.each(hooks)("is handled if the component reads `error`, which shows it: %s", async (...hook) => {
    expect(await failed(hook, true)).toEqual([]);
    expect(renders.get("internal")).toBe(1);
  });

  test.each(hooks)("names the line of the application in its stack: %s", async (...hook) => {
    const [error] = (await failed(hook, false)) as Error[];
    expect(error?.stack).toMatch(/^InternalError: The server failed/);
    expect(error?.stack).toContain("hooks.test.ts");
  });
});

describe("arguments that cannot be sent", () => {
  const bad: [string, unknown, string, (string | number)[]][] = [
    ["an event", new Event("click"), "is an instance of Event, which cannot travel", []],
    ["a URL", { text: new URL("http://a") }, "is an instance of URL, which cannot travel", ["text"]],
    ["a text in place of an object", "hello", "is not an object", []],
    ["a list", ["hello"], "is not an object", []],
  ];

  test.each(bad)("are a `badRequest` that names the part and the remedy: %s", async (_, args, message, path) => {
    let mutate: (args: never) => Promise<unknown> = async () => {};
    let kind: string | undefined;
    function Sender(): ReactNode {
      const mutation = useMutation(api.messages.send);
      mutate = mutation.mutate;
      kind = mutation.error?.kind;
      return null;
    }
    await screen.mount(page(server.client(), createElement(Sender)));
    await act(async () => {
      const thrown: Error = await mutate(args as never).then(
        () => Promise.reject(),
        (error) => error,
      );
      expect(thrown).toMatchObject({ kind: "badRequest", issues: [{ path, message }] });
      expect(thrown.message).toContain("The arguments of messages:send: The value");
      expect(thrown.message).toContain(path.length > 0 ? "such as its text or its id" : "onClick={() => mutate(");
    });
    expect(kind).toBe("badRequest");
    const thrown = await server
      .client()
      .query("messages:list", args as never)
      .catch((error) => error);
    expect(thrown).toMatchObject({ kind: "badRequest", issues: [{ path }] });
  });
});

describe("useAction", () => {
  test("runs and reports the state of its calls", async () => {
    let run: (args: { text: string }) => Promise<string> = () => Promise.reject(new Error("not rendered"));
    let state = "";
    function Relay(): ReactNode {
      const action = useAction(api.messages.relay);
      run = action.run;
      state = `${action.isPending} ${action.error?.kind}`;
      return null;
    }
    await screen.mount(page(server.client(), createElement(Relay)));
    let result: Promise<string> = Promise.resolve("");
    await screen.does(() => {
      result = run({ text: "x" });
    });
    expect(state).toBe("true undefined");
    const request = server.heard("Act")[0]?.request ?? 0;
    await screen.does(() => {
      server.say({ type: "ActionSucceeded", request, value: "done" });
    });
    await expect(result).resolves.toBe("done");
    expect(state).toBe("false undefined");
  });
});

describe("useConnectionState", () => {
  test("follows the connection and the pending mutations", async () => {
    const client = server.client();
    await screen.mount(page(client, createElement(State), createElement(List)));
    expect(container.textContent).toBe("openloading");
    await screen.does(() => {
      server.network.cut();
    });
    expect(container.textContent).toBe("waitingloading");
  });
});

describe("a provider with a client of its own", () => {
  test("disconnects some seconds after it has unmounted, not between the two mounts of StrictMode", async () => {
    vi.stubGlobal("WebSocket", server.network.webSocketConstructor);
    vi.useFakeTimers();
    await screen.mount(createElement(StrictMode, null, createElement(ConvexProvider, null, createElement(List))));
    await act(() => vi.advanceTimersByTimeAsync(6_000));
    expect(server.network.pairs).toHaveLength(1);
    expect(server.network.last.isOpen).toBe(true);
    await screen.unmount();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(server.network.last.isOpen).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
});

/** The list as text, and how often it was rendered. */
function List({ name = "list" }: { name?: string }): ReactNode {
  rendered(name);
  const { data, isLoading, error } = useQuery(api.messages.list, general);
  if (isLoading) return "loading";
  if (error) return error.kind;
  return data.map((row) => row.text).join(",");
}

function PreloadedList({ from }: { from: Preloaded<Api["messages"]["list"]> }): ReactNode {
  rendered("list");
  const { data, error } = usePreloadedQuery(from);
  return `${error?.kind ?? ""}${data.map((row) => row.text).join(",")}`;
}
