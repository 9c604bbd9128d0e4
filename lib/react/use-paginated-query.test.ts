// @vitest-environment happy-dom
// biome-ignore-all lint/correctness/noComponentHookFactories: each test renders a component of its own, once
import { act, createElement, memo, type ReactNode, StrictMode, useState } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RenderedPage } from "../../tests/support/rendered-page.ts";
import { type ScriptedServer, settle } from "../../tests/support/scripted-server.ts";
import { ConvexProvider, HydrateQueries, type PaginatedQueryResult, usePaginatedQuery } from "../entries/react.ts";
import type { PaginationOptions, PaginationResult } from "../functions/pagination/pagination-options.ts";
import { createReferences, type FunctionReference } from "../functions/reference.ts";
import type { Preloaded, PreloadedAnswer } from "../protocol/preloaded.ts";

type Row = { id: number };
type Page = FunctionReference<
  "query",
  "public",
  { channel: string; paginationOpts: PaginationOptions },
  PaginationResult<Row>
>;
const api = createReferences<{ messages: { page: Page } }>();
const rows = (...ids: number[]): Row[] => ids.map((id) => ({ id }));
const page = (ids: number[], continueCursor: string, isDone = false) => ({
  page: rows(...ids),
  isDone,
  continueCursor,
});
const answer = (live: number, value: ReturnType<typeof page>) => ({ live, token: JSON.stringify(value), value });

let screen: RenderedPage;
let server: ScriptedServer;
let container: HTMLElement;
let shown: PaginatedQueryResult<Page>;
let renders: string[];
let rowRenders: number[];

beforeEach(() => {
  screen = new RenderedPage();
  ({ server, container } = screen);
  renders = [];
  rowRenders = [];
});
afterEach(() => screen.close());

const Line = memo(function Line({ row }: { row: Row }): ReactNode {
  rowRenders.push(row.id);
  return `${row.id} `;
});

function List({ channel = "general" }: { channel?: string | null }): ReactNode {
  shown = usePaginatedQuery(api.messages.page, channel === null ? "skip" : { channel }, { initialNumItems: 2 });
  return createElement(Rows);
}

/** What the list above shows. */
function Rows(): ReactNode {
  renders.push(`${shown.results.map(({ id }) => id)} ${shown.status}`);
  return [...shown.results.map((row) => createElement(Line, { key: row.id, row })), shown.status];
}

function PreloadedList({ preloaded, initialNumItems = 2 }: { preloaded: Preloaded<Page>; initialNumItems?: number }) {
  shown = usePaginatedQuery(preloaded, { initialNumItems });
  return createElement(Rows);
}

const provider = (...children: ReactNode[]) => createElement(ConvexProvider, { client: server.client() }, ...children);

/** The arguments of the list's queries in the last subscription. */
const asked = () =>
  server
    .heard("Subscribe")
    .at(-1)
    ?.queries.map(({ args, token }) => [args.paginationOpts, token]);

const loadMore = (numItems: number) => screen.does(() => shown.loadMore(numItems));

describe("usePaginatedQuery", () => {
  test("loads the first page, then more in one step, and loads no row twice", async () => {
    await screen.mount(provider(createElement(List)));
    expect(asked()).toEqual([[{ cursor: null, numItems: 2 }, undefined]]);
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [answer(1, page([1, 2], "b"))] });
    const { loadMore: before } = shown;
    await loadMore(3);
    // The first page with its end fixed is expected to be equal: the server confirms its token in a few bytes.
    expect(asked()).toEqual([
      [{ cursor: null, endCursor: "b", numItems: 2 }, JSON.stringify(page([1, 2], "b"))],
      [{ cursor: "b", numItems: 3 }, undefined],
    ]);
    await screen.transition({
      at: 2,
      maps: [
        [2, 2],
        [3, 3],
      ],
      answers: [answer(3, page([3, 4], "d", true))],
    });
    expect(renders).toEqual([" LoadingFirstPage", "1,2 CanLoadMore", "1,2 LoadingMore", "1,2,3,4 Exhausted"]);
    expect(rowRenders).toEqual([1, 2, 3, 4]);
    expect(shown.loadMore).toBe(before);
  });

  test("moves a row from page to page in one render, and renders no other row again", async () => {
    await screen.mount(provider(createElement(List)));
    await loadTwoPages();
    rowRenders = [];
    await screen.transition({ at: 3, answers: [answer(2, page([2], "b")), answer(3, page([3, 1, 4], "d", true))] });
    expect(renders.slice(4)).toEqual(["2,3,1,4 Exhausted"]);
    expect(rowRenders).toEqual([]);
  });

  test("shows its rows until both the page with its end and the next page are there", async () => {
    await screen.mount(provider(createElement(List)));
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [answer(1, page([1, 2], "b"))] });
    await loadMore(2);
    await screen.transition({ at: 2, answers: [answer(1, page([2, 3], "c"))] });
    expect(renders.at(-1)).toBe("2,3 LoadingMore");
    await act(() => server.reconnect());
    expect(renders.at(-1)).toBe("2,3 LoadingMore");
    rowRenders = [];
    const maps = server
      .heard("Subscribe")
      .flatMap(({ queries }) => queries.map(({ query }) => [query, query + 10] as [number, number]));
    await screen.transition({ at: 3, maps, answers: [answer(12, page([2], "b")), answer(13, page([3, 4], "d"))] });
    expect(renders.at(-1)).toBe("2,3,4 CanLoadMore");
    expect(rowRenders).toEqual([4]);
  });

  test("keeps its rows and reports the error when a page fails", async () => {
    await screen.mount(provider(createElement(List)));
    await loadTwoPages();
    await screen.transition({ at: 3, answers: [{ live: 3, error: { kind: "internal", incident: "x" } }] });
    expect([renders.at(-1), shown.error?.kind]).toEqual(["1,2,3,4 Exhausted", "internal"]);
  });

  test("begins anew with other arguments, and watches nothing while skipped", async () => {
    let show: (channel: string | null) => void = () => {};
    function Choice(): ReactNode {
      const [channel, choose] = useState<string | null>(null);
      show = choose;
      return createElement(List, { channel });
    }
    await screen.mount(provider(createElement(Choice)));
    expect(renders).toEqual([" LoadingFirstPage"]);
    await loadMore(2);
    expect(asked()).toBeUndefined();
    await act(async () => {
      show("general");
      await settle();
    });
    await loadTwoPages();
    expect(renders.at(-1)).toBe("1,2,3,4 Exhausted");
    await act(async () => {
      show("random");
      await settle();
    });
    expect(renders.at(-1)).toBe(" LoadingFirstPage");
    expect(server.heard("Subscribe").at(-1)?.queries).toMatchObject([{ args: { channel: "random" } }]);
  });

  test("under StrictMode loads and stays subscribed", async () => {
    await screen.mount(createElement(StrictMode, null, provider(createElement(List))));
    await loadTwoPages();
    server.clock.advance(4_000);
    await settle();
    expect(container.textContent).toBe("1 2 3 4 Exhausted");
    expect(server.network.pairs).toHaveLength(1);
  });

  test("stops watching a page that it no longer needs, and all of them when it unmounts", async () => {
    await screen.mount(provider(createElement(List)));
    await loadTwoPages();
    server.clock.advance(5_000);
    await settle();
    expect(server.heard("Unsubscribe").map(({ queries }) => queries)).toEqual([[1]]);
    await screen.unmount();
    server.clock.advance(5_000);
    await settle();
    expect(server.heard("Unsubscribe").flatMap(({ queries }) => queries)).toEqual([1, 2, 3]);
  });
});

/** What the server has rendered of a channel's first page. */
function preload(value: ReturnType<typeof page>, given: Partial<PreloadedAnswer> & { channel?: string } = {}) {
  const { channel = "general", ...rest } = given;
  const text = JSON.stringify(value);
  const args = { channel, paginationOpts: { cursor: null, numItems: 2 } };
  const answered: PreloadedAnswer = {
    path: "messages:page",
    args,
    text,
    token: text,
    epoch: "epoch-1",
    at: 1,
    identity: null,
    ...rest,
  };
  return answered as Preloaded<Page>;
}

const FIRST = page([1, 2], "b");

describe.each([
  [
    "HydrateQueries",
    (preloaded: Preloaded<Page>) => createElement(HydrateQueries, { preloaded: [preloaded] }, createElement(List)),
  ],
  ["its preload as a prop", (preloaded: Preloaded<Page>) => createElement(PreloadedList, { preloaded })],
])("usePaginatedQuery with %s", (_, list) => {
  test("has data on the server and in the first render of the browser, then loads more", async () => {
    const preloaded = preload(FIRST);
    const html = renderToString(provider(list(preloaded)));
    expect(html.replaceAll("<!-- -->", "")).toBe("1 2 CanLoadMore");
    expect(server.network.pairs).toHaveLength(0);
    renders = [];
    await screen.hydrate(html, provider(list(preloaded)));
    expect(asked()).toEqual([[{ cursor: null, numItems: 2 }, preloaded.token]]);
    await screen.transition({ at: 1, maps: [[1, 1]] });
    expect(renders).toEqual(["1,2 CanLoadMore"]);
    await loadMore(1);
    await screen.transition({
      at: 2,
      maps: [
        [2, 2],
        [3, 3],
      ],
      answers: [answer(3, page([3], "c"))],
    });
    expect(renders.slice(1)).toEqual(["1,2 LoadingMore", "1,2,3 CanLoadMore"]);
  });
});

describe("usePaginatedQuery whose preload changes", () => {
  let show: (preloaded: Preloaded<Page> | null) => void;

  function Router({ first }: { first: Preloaded<Page> | null }): ReactNode {
    const [preloaded, go] = useState(first);
    show = go;
    return preloaded && createElement(PreloadedList, { preloaded });
  }

  const open = (first: Preloaded<Page>) => screen.mount(provider(createElement(Router, { first })));
  const goTo = (preloaded: Preloaded<Page> | null) => screen.does(() => show(preloaded));

  test("begins anew with another channel, whose rows are there at once", async () => {
    await open(preload(FIRST));
    await screen.transition({ at: 1, maps: [[1, 1]] });
    renders = [];
    await goTo(preload(page([7], "g", true), { channel: "random" }));
    expect(renders).toEqual(["7 Exhausted"]);
  });

  test("keeps all loaded pages when the same page is rendered anew", async () => {
    await open(preload(FIRST));
    await loadTwoPages();
    await goTo(preload(FIRST, { at: 2 }));
    expect(renders.at(-1)).toBe("1,2,3,4 Exhausted");
  });

  test("shows nothing older than was shown, when the reader comes back to a page from the cache", async () => {
    const old = preload(FIRST);
    await open(old);
    await screen.transition({ at: 9, maps: [[1, 1]], answers: [answer(1, page([5, 1], "a"))] });
    await goTo(null);
    server.clock.advance(5_000);
    await settle();
    renders = [];
    await goTo(old);
    expect(renders).toEqual(["5,1 CanLoadMore"]);
  });

  test("shows rows at once that were rendered at a later revision than the connection has reached", async () => {
    await open(preload(FIRST));
    await screen.transition({ at: 1, maps: [[1, 1]] });
    await goTo(preload(page([6, 1], "a"), { at: 3 }));
    await screen.transition({ at: 2, answers: [answer(1, page([0, 1], "a"))] });
    expect(renders.slice(1)).toEqual(["6,1 CanLoadMore"]);
  });

  test("shows no row of another identity: it waits for the server", async () => {
    server.identity = "alice";
    await open(preload(FIRST, { identity: "bob" }));
    expect(renders.at(-1)).toBe(" LoadingFirstPage");
    await screen.transition({ at: 1, maps: [[1, 1]], answers: [answer(1, page([8], "h", true))] });
    expect(renders.at(-1)).toBe("8 Exhausted");
  });
});

describe("usePaginatedQuery of a preload", () => {
  test("begins where the preloaded page begins", async () => {
    const args = { channel: "general", paginationOpts: { cursor: "m", numItems: 2 } };
    await screen.mount(provider(createElement(PreloadedList, { preloaded: preload(page([3], "n"), { args }) })));
    await screen.transition({ at: 1, maps: [[1, 1]] });
    await loadMore(4);
    expect(asked()?.map(([opts]) => opts)).toEqual([
      { cursor: "m", endCursor: "n", numItems: 2 },
      { cursor: "n", numItems: 4 },
    ]);
  });

  test("says so when another number of rows was preloaded than it expects", () => {
    const list = createElement(PreloadedList, { preloaded: preload(FIRST), initialNumItems: 20 });
    expect(() => renderToString(provider(list))).toThrow(
      "usePaginatedQuery expects initialNumItems to be the number that was preloaded: 2. Found: 20.",
    );
  });
});

describe("usePaginatedQuery without a preload", () => {
  test("loads where nothing was preloaded, on the server without a connection", () => {
    expect(renderToString(provider(createElement(List)))).toBe("LoadingFirstPage");
    expect(server.network.pairs).toHaveLength(0);
  });
});

/** Two rows of the first page, and two of the second. */
async function loadTwoPages(): Promise<void> {
  await screen.transition({ at: 1, maps: [[1, 1]], answers: [answer(1, page([1, 2], "b"))] });
  await loadMore(3);
  await screen.transition({
    at: 2,
    maps: [
      [2, 2],
      [3, 3],
    ],
    answers: [answer(3, page([3, 4], "d", true))],
  });
}
