import { createElement } from "react";
import { describe, expectTypeOf, test } from "vitest";
import WebSocketOfWs from "ws";
import { ConvexClient } from "../client/convex-client.ts";
import {
  type ConvexError,
  ConvexProvider,
  type FunctionArgs,
  type FunctionReturnType,
  HydrateQueries,
  type OptimisticLocalStore,
  type Preloaded,
  useAction,
  useMutation,
  usePaginatedQuery,
  usePreloadedQuery,
  useQueries,
  useQuery,
} from "../entries/react.ts";
import type { PaginationOptions, PaginationResult } from "../functions/pagination/pagination-options.ts";
import { createReferences, type FunctionReference } from "../functions/reference.ts";
import type { FunctionError, InternalError } from "../protocol/function-error.ts";

type Row = { id: number; text: string };
type Denied = { code: "denied" };
interface Api {
  messages: {
    list: FunctionReference<"query", "public", { channel: string; limit?: number }, Row[], Denied>;
    count: FunctionReference<"query", "public", Record<string, never>, number, unknown>;
    recent: FunctionReference<"query", "public", { limit?: number }, Row[]>;
    send: FunctionReference<"mutation", "public", { text: string }, number, Denied>;
    relay: FunctionReference<"action", "public", { text: string }, string>;
    page: FunctionReference<
      "query",
      "public",
      { channel: string; limit?: number; paginationOpts: PaginationOptions },
      PaginationResult<Row>,
      Denied
    >;
    secret: FunctionReference<"query", "internal", { id: number }, Row>;
  };
}
const { messages } = createReferences<Api>();
const args = { channel: "general" };

describe("useQuery", () => {
  test("infers arguments and data, and narrows on isLoading and error, also when taken apart", () => {
    const result = useQuery(messages.list, args);
    expectTypeOf(result.data).toEqualTypeOf<Row[] | undefined>();
    const { data, isLoading, error } = result;
    if (isLoading) {
      expectTypeOf(data).toEqualTypeOf<undefined>();
      expectTypeOf(error).toEqualTypeOf<undefined>();
    } else if (error) {
      expectTypeOf(data).toEqualTypeOf<Row[] | undefined>();
      expectTypeOf(error).toEqualTypeOf<FunctionError<Denied>>();
    } else expectTypeOf(data).toEqualTypeOf<Row[]>();
    if (data) expectTypeOf(data).toEqualTypeOf<Row[]>();
  });

  test("types the data of the errors a function throws, and tells errors apart by kind", () => {
    const { error } = useQuery(messages.list, args);
    if (error?.kind === "application") {
      expectTypeOf(error).toEqualTypeOf<ConvexError<Denied>>();
      expectTypeOf(error.data.code).toEqualTypeOf<"denied">();
    }
    if (error?.kind === "internal") expectTypeOf(error).toEqualTypeOf<InternalError>();
    if (error?.kind === "badRequest") expectTypeOf(error.issues[0]?.message).toEqualTypeOf<string | undefined>();
    const { error: untyped } = useQuery(messages.count);
    if (untyped?.kind === "application") expectTypeOf(untyped.data).toBeUnknown();
  });

  test("takes no arguments where there are none, or all are optional", () => {
    expectTypeOf(useQuery(messages.count).data).toEqualTypeOf<number | undefined>();
    expectTypeOf(useQuery(messages.recent).data).toEqualTypeOf<Row[] | undefined>();
    useQuery(messages.recent, { limit: 5 });
    // @ts-expect-error "channel" is missing
    useQuery(messages.list);
    // @ts-expect-error "channel" is missing
    useQuery(messages.list, {});
    // @ts-expect-error there is no "chanel"
    useQuery(messages.list, { channel: "a", chanel: "a" });
    // @ts-expect-error "channel" is a string
    useQuery(messages.list, { channel: 5 });
    // @ts-expect-error it takes no arguments
    useQuery(messages.count, { limit: 5 });
  });

  test("may be skipped, and only then there may be no data without an error", () => {
    const result = useQuery(messages.list, args as typeof args | "skip");
    if (!result.isLoading && !result.error) expectTypeOf(result.data).toEqualTypeOf<Row[] | undefined>();
    const unskipped = useQuery(messages.list, args);
    if (!unskipped.isLoading && !unskipped.error) expectTypeOf(unskipped.data).toEqualTypeOf<Row[]>();
    useQuery(messages.count, "skip");
  });

  test("takes public queries by reference only", () => {
    // @ts-expect-error a mutation is no query
    useQuery(messages.send, { text: "" });
    // @ts-expect-error an internal function is for other functions
    useQuery(messages.secret, { id: 1 });
    // @ts-expect-error paths are for the client without React
    useQuery("messages:list", args);
    // @ts-expect-error a module is no function
    useQuery(messages, args);
  });
});

describe("a preloaded query", () => {
  const preloaded = {} as Preloaded<typeof messages.list>;

  test("always has data", () => {
    expectTypeOf(usePreloadedQuery(preloaded).data).toEqualTypeOf<Row[]>();
    expectTypeOf(useQuery(preloaded).data).toEqualTypeOf<Row[]>();
    const { error } = usePreloadedQuery(preloaded);
    if (error?.kind === "application") expectTypeOf(error.data).toEqualTypeOf<Denied>();
  });

  test("of any query can be hydrated", () => {
    const count = {} as Preloaded<typeof messages.count>;
    createElement(ConvexProvider, null, createElement(HydrateQueries, { preloaded: [preloaded, count] }));
    // @ts-expect-error the arguments are part of it already
    usePreloadedQuery(preloaded, args);
  });
});

describe("usePaginatedQuery", () => {
  test("takes the arguments without paginationOpts, and gives typed rows and errors", () => {
    const { results, status, loadMore, error } = usePaginatedQuery(messages.page, args, { initialNumItems: 20 });
    expectTypeOf(results).toEqualTypeOf<Row[]>();
    expectTypeOf(status).toEqualTypeOf<"LoadingFirstPage" | "CanLoadMore" | "LoadingMore" | "Exhausted">();
    expectTypeOf(loadMore).toEqualTypeOf<(numItems: number) => void>();
    expectTypeOf(error).toEqualTypeOf<FunctionError<Denied> | undefined>();
    usePaginatedQuery(messages.page, { channel: "general", limit: 3 }, { initialNumItems: 20 });
    usePaginatedQuery(messages.page, "skip", { initialNumItems: 20 });
  });

  test("takes a preload of such a query in place of the query and its arguments", () => {
    const preloaded = {} as Preloaded<typeof messages.page>;
    const { results, error } = usePaginatedQuery(preloaded, { initialNumItems: 20 });
    expectTypeOf(results).toEqualTypeOf<Row[]>();
    expectTypeOf(error).toEqualTypeOf<FunctionError<Denied> | undefined>();
    expectTypeOf(usePaginatedQuery(preloaded).results).toEqualTypeOf<Row[]>();
    // @ts-expect-error the arguments are part of it already
    usePaginatedQuery(preloaded, args, { initialNumItems: 20 });
    // @ts-expect-error it does not answer page by page
    usePaginatedQuery({} as Preloaded<typeof messages.list>);
  });

  test("refuses other arguments, and queries that do not answer page by page", () => {
    // @ts-expect-error "channel" is missing
    usePaginatedQuery(messages.page, {}, { initialNumItems: 20 });
    // @ts-expect-error there is no "chanel"
    usePaginatedQuery(messages.page, { channel: "general", chanel: "" }, { initialNumItems: 20 });
    const own = { cursor: null, numItems: 1 };
    // @ts-expect-error the hook fills these in
    usePaginatedQuery(messages.page, { channel: "", paginationOpts: own }, { initialNumItems: 20 });
    // @ts-expect-error the first page needs a size
    usePaginatedQuery(messages.page, args, {});
    // @ts-expect-error it takes no paginationOpts
    usePaginatedQuery(messages.list, args, { initialNumItems: 20 });
    // @ts-expect-error it is no query
    usePaginatedQuery(messages.send, { text: "" }, { initialNumItems: 20 });
  });
});

describe("useQueries", () => {
  test("gives each name the result of its query", () => {
    const { list, count } = useQueries({
      list: { query: messages.list, args },
      count: { query: messages.count },
    });
    expectTypeOf(list.data).toEqualTypeOf<Row[] | undefined>();
    expectTypeOf(count.data).toEqualTypeOf<number | undefined>();
    if (!list.isLoading && !list.error) expectTypeOf(list.data).toEqualTypeOf<Row[]>();
  });

  test("takes any number, skipped ones among them", () => {
    const many: Record<string, { query: typeof messages.list; args: { channel: string } | "skip" }> = {};
    expectTypeOf(useQueries(many).any?.data).toEqualTypeOf<Row[] | undefined>();
    const { list } = useQueries({ list: { query: messages.list, args: args as typeof args | "skip" } });
    if (!list.isLoading && !list.error) expectTypeOf(list.data).toEqualTypeOf<Row[] | undefined>();
  });

  test("checks the arguments of each", () => {
    // @ts-expect-error "channel" is missing
    useQueries({ list: { query: messages.list, args: {} } });
    // @ts-expect-error "args" is missing
    useQueries({ list: { query: messages.list } });
    // @ts-expect-error "channel" is a string
    useQueries({ list: { query: messages.list, args: { channel: 5 } } });
    // @ts-expect-error there is no "chanel"
    useQueries({ list: { query: messages.list, args: { channel: "a", chanel: "a" } } });
    // @ts-expect-error a mutation is no query
    useQueries({ list: { query: messages.send, args: { text: "" } } });
  });
});

describe("useMutation and useAction", () => {
  test("infer arguments, result and error", () => {
    const { mutate, isPending, error } = useMutation(messages.send);
    expectTypeOf(mutate).toEqualTypeOf<(args: { text: string }) => Promise<number>>();
    expectTypeOf(isPending).toBeBoolean();
    if (error?.kind === "application") expectTypeOf(error.data).toEqualTypeOf<Denied>();
    expectTypeOf(useAction(messages.relay).run).toEqualTypeOf<(args: { text: string }) => Promise<string>>();
    // @ts-expect-error "text" is missing
    void mutate({});
    // @ts-expect-error a query is no mutation
    useMutation(messages.list);
    // @ts-expect-error a mutation is no action
    useAction(messages.send);
  });

  test("an optimistic update knows the queries' types", () => {
    const { mutate } = useMutation(messages.send).withOptimisticUpdate((localStore, { text }) => {
      expectTypeOf(localStore).toEqualTypeOf<OptimisticLocalStore>();
      const rows = localStore.getQuery(messages.list, args);
      expectTypeOf(rows).toEqualTypeOf<Row[] | undefined>();
      localStore.setQuery(messages.list, args, [...(rows ?? []), { id: -1, text }]);
      expectTypeOf(localStore.getQuery(messages.count)).toEqualTypeOf<number | undefined>();
      for (const { args, value } of localStore.getAllQueries(messages.list)) {
        expectTypeOf(args.channel).toBeString();
        expectTypeOf(value).toEqualTypeOf<Row[] | undefined>();
      }
      // @ts-expect-error a row has a text
      localStore.setQuery(messages.list, args, [{ id: 1 }]);
    });
    expectTypeOf(mutate).toEqualTypeOf<(args: { text: string }) => Promise<number>>();
  });

  test("arguments and results have names", () => {
    expectTypeOf<FunctionArgs<typeof messages.send>>().toEqualTypeOf<{ text: string }>();
    expectTypeOf<FunctionReturnType<typeof messages.list>>().toEqualTypeOf<Row[]>();
  });
});

describe("the client without React", () => {
  const client = new ConvexClient("http://localhost:3000", { webSocketConstructor: WebSocketOfWs });

  test("is typed by references", () => {
    client.watchQuery(messages.list, args, ({ data }) => expectTypeOf(data).toEqualTypeOf<Row[] | undefined>());
    client.watchQueries({ list: { query: messages.list, args }, count: { query: messages.count } }, (results) => {
      expectTypeOf(results.list.data).toEqualTypeOf<Row[] | undefined>();
      expectTypeOf(results.count.data).toEqualTypeOf<number | undefined>();
    });
    expectTypeOf(client.query(messages.list, args)).resolves.toEqualTypeOf<Row[]>();
    expectTypeOf(client.mutation(messages.send, { text: "" })).resolves.toEqualTypeOf<number>();
    expectTypeOf(client.action(messages.relay, { text: "" })).resolves.toEqualTypeOf<string>();
    // @ts-expect-error "text" is missing
    void client.mutation(messages.send, {});
    // @ts-expect-error "channel" is missing
    client.watchQueries({ list: { query: messages.list, args: {} } }, () => {});
  });

  test("takes paths without types", () => {
    client.watchQuery("messages:list", args, ({ data }) => expectTypeOf(data).toBeUnknown());
    client.watchQueries({ list: { query: "messages:list", args } }, ({ list }) => {
      expectTypeOf(list.data).toBeUnknown();
    });
    expectTypeOf(client.query("messages:list", args)).resolves.toBeUnknown();
    void client.mutation("messages:send", { text: "" });
  });

  test("takes the WebSocket of a browser, of Node and of ws", () => {
    new ConvexClient(undefined, { webSocketConstructor: WebSocket });
    new ConvexClient(undefined, { webSocketConstructor: WebSocketOfWs, headers: { cookie: "a=b" } });
    // @ts-expect-error a class that is no socket
    new ConvexClient(undefined, { webSocketConstructor: Map });
  });
});
