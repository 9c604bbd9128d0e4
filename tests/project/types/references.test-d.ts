import { createReferences, type InternalReferences, type PublicReferences } from "convex-lite/client";
import { fetchAction, fetchMutation, fetchQuery, preloadQuery } from "convex-lite/nextjs";
import {
  type FunctionArgs,
  type FunctionReturnType,
  type Preloaded,
  useMutation,
  usePaginatedQuery,
  useQuery,
} from "convex-lite/react";
import type { FunctionErrorData } from "convex-lite/server";
import { describe, expectTypeOf, test } from "vitest";
import { api, internal } from "@/convex/_generated/api";

interface Message {
  id: number;
  channel: string;
  author: string;
  text: string;
  createdAt: Date;
}
/** As the generated file would refer to the functions beside this file. */
const functions = createReferences<PublicReferences<typeof import("./functions.ts")>>();
const internals = createReferences<InternalReferences<typeof import("./functions.ts")>>();

describe("the demo's functions, by their references", () => {
  test("have the arguments and the result that they were written with", () => {
    expectTypeOf<FunctionArgs<typeof api.messages.listByChannel>>().toEqualTypeOf<{ channel: string }>();
    expectTypeOf<FunctionReturnType<typeof api.messages.listByChannel>>().toEqualTypeOf<Message[]>();
    expectTypeOf<FunctionArgs<typeof api.messages.send>>().toEqualTypeOf<{
      channel: string;
      author: string;
      text: string;
    }>();
    expectTypeOf<FunctionReturnType<typeof api.messages.send>>().toEqualTypeOf<void>();
    expectTypeOf<FunctionErrorData<typeof api.channels.create>>().toEqualTypeOf<{ code: "name-taken"; name: string }>();
  });

  test("are typed wherever they are called", () => {
    const args = { channel: "general" };
    expectTypeOf(useQuery(api.messages.listByChannel, args).data).toEqualTypeOf<Message[] | undefined>();
    expectTypeOf(fetchQuery(api.messages.listByChannel, args)).resolves.toEqualTypeOf<Message[]>();
    expectTypeOf(preloadQuery(api.messages.listByChannel, args)).resolves.toEqualTypeOf<
      Preloaded<typeof api.messages.listByChannel>
    >();
    const { error } = useMutation(api.channels.create);
    if (error?.kind === "application") expectTypeOf(error.data.code).toEqualTypeOf<"name-taken">();
  });

  test("answer page by page as their select has it", () => {
    const { results } = usePaginatedQuery(functions.page, { channel: "general" }, { initialNumItems: 20 });
    expectTypeOf(results).toEqualTypeOf<{ id: number; at: Date }[]>();
  });

  test("refuse arguments that they were not written with", () => {
    // @ts-expect-error there is no "chanel"
    useQuery(api.messages.listByChannel, { channel: "general", chanel: "general" });
    // @ts-expect-error "channel" is missing
    useQuery(api.messages.listByChannel);
    // @ts-expect-error "channel" is text
    void fetchQuery(api.messages.listByChannel, { channel: 1 });
    // @ts-expect-error "channel" is missing
    void preloadQuery(api.messages.listByChannel, {});
    // @ts-expect-error there is no "limit"
    void fetchMutation(api.messages.send, { channel: "a", author: "b", text: "c", limit: 1 });
    // @ts-expect-error it takes no arguments
    useQuery(api.channels.list, { channel: "general" });
  });

  test("are not there under other names", () => {
    // @ts-expect-error there is no such function
    useQuery(api.messages.listByChanel, { channel: "general" });
    // @ts-expect-error there is no such file
    useQuery(api.message.listByChannel, { channel: "general" });
    // @ts-expect-error a public function is not internal
    useQuery(internal.messages.listByChannel, { channel: "general" });
  });

  test("are called as what they are", () => {
    // @ts-expect-error a mutation is no query
    useQuery(api.messages.send, { channel: "a", author: "b", text: "c" });
    // @ts-expect-error a query is no mutation
    useMutation(api.messages.listByChannel);
    // @ts-expect-error a query is no mutation
    void fetchMutation(api.messages.listByChannel, { channel: "a" });
    // @ts-expect-error a mutation is no action
    void fetchAction(api.messages.send, { channel: "a", author: "b", text: "c" });
    // @ts-expect-error a mutation cannot be preloaded
    void preloadQuery(api.messages.send, { channel: "a", author: "b", text: "c" });
  });
});

describe("a reference", () => {
  test("takes what its schema takes and gives what it gives: defaults may be left out, transforms are done", () => {
    expectTypeOf<FunctionArgs<typeof functions.search>>().toEqualTypeOf<{
      text: string;
      limit?: number | undefined;
      since?: string | undefined;
    }>();
    expectTypeOf<FunctionReturnType<typeof functions.search>>().toEqualTypeOf<string[]>();
    expectTypeOf<FunctionReturnType<typeof functions.summary>>().toEqualTypeOf<{ total: number; newest: number }>();
    expectTypeOf<FunctionReturnType<typeof functions.recent>>().toEqualTypeOf<{ name: string }[]>();
  });

  test("needs no arguments where all of them are optional", () => {
    useQuery(functions.recent);
    useQuery(functions.recent, {});
    useQuery(functions.recent, { limit: 1 });
    void fetchQuery(functions.recent);
    // @ts-expect-error "text" is not optional
    useQuery(functions.search, {});
  });

  test("knows the errors its function throws on purpose", () => {
    expectTypeOf<FunctionErrorData<typeof functions.rename>>().toEqualTypeOf<
      { code: "taken"; by: string } | { code: "closed" }
    >();
    expectTypeOf<FunctionErrorData<typeof functions.search>>().toBeUnknown();
  });

  test("infers through functions that call others", () => {
    expectTypeOf(fetchAction(functions.relay, { url: "" })).resolves.toEqualTypeOf<number>();
  });

  test("to an internal function is for code on the server, never for a client", () => {
    expectTypeOf<typeof functions.secret>().toBeNever();
    expectTypeOf<typeof internals.search>().toBeNever();
    expectTypeOf<FunctionReturnType<typeof internals.secret>>().toEqualTypeOf<string>();
    // @ts-expect-error it is internal
    useQuery(internals.secret, { id: 1 });
    // @ts-expect-error it is internal
    useMutation(internals.cleanUp);
    expectTypeOf(fetchQuery(internals.secret, { id: 1 })).resolves.toEqualTypeOf<string>();
    // @ts-expect-error a text may come from a visitor
    void fetchQuery("functions:secret", { id: 1 });
    // @ts-expect-error no browser may subscribe to it
    void preloadQuery(internals.secret, { id: 1 });
  });

  test("does not exist to what is no function", () => {
    expectTypeOf<typeof functions.pageSize>().toBeNever();
    expectTypeOf<typeof functions.helper>().toBeNever();
  });
});
