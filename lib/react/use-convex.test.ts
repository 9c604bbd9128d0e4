// @vitest-environment happy-dom
// biome-ignore-all lint/correctness/noComponentHookFactories: each test renders a component of its own, once
import { createElement, type ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RenderedPage } from "../../tests/support/rendered-page.ts";
import type { ConvexClient } from "../client/convex-client.ts";
import { ConvexProvider, useConvex, useQuery } from "../entries/react.ts";
import { createReferences, type FunctionReference } from "../functions/reference.ts";

const api = createReferences<{ messages: { count: FunctionReference<"query", "public", object, number> } }>();

let screen: RenderedPage;
/** What components were given, in the order of their renders. */
let given: ConvexClient[];
beforeEach(() => {
  screen = new RenderedPage();
  given = [];
});
afterEach(async () => {
  await screen.close();
  vi.unstubAllGlobals();
});

function Holder(): ReactNode {
  given.push(useConvex());
  return null;
}

function Count(): ReactNode {
  return useQuery(api.messages.count).data ?? "loading";
}

test("all components below a provider hold one client, which is the hooks' own", async () => {
  vi.stubGlobal("WebSocket", screen.server.network.webSocketConstructor);
  const components = [Holder, Count, Holder].map((component, key) => createElement(component, { key }));
  await screen.mount(createElement(ConvexProvider, { url: "http://test.local" }, ...components));
  const [first, second] = given as [ConvexClient, ConvexClient];
  expect(second).toBe(first);
  await screen.transition({ at: 1, maps: [[1, 1]], answers: [{ live: 1, token: "1", value: 7 }] });
  expect(first.connectionState().state).toBe("open");
  expect(screen.container.textContent).toBe("7");
  expect(await first.query(api.messages.count, {})).toBe(7);
  expect(screen.server.network.pairs).toHaveLength(1);
  await screen.does(() => first.refreshIdentity());
  expect(screen.server.network.pairs).toHaveLength(2);
});

test("it is the client that was given to the provider", async () => {
  const client = screen.server.client();
  await screen.mount(createElement(ConvexProvider, { client }, createElement(Holder)));
  expect(given[0]).toBe(client);
});

test("on the server it is there and connects to nothing; without a provider the message says what is missing", async () => {
  renderToString(createElement(ConvexProvider, null, createElement(Holder)));
  expect(given[0]?.connectionState().state).toBe("connecting");
  await expect(screen.mount(createElement(Holder))).rejects.toThrow("<ConvexProvider>");
});
