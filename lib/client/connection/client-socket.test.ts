import { describe, expect, test, vi } from "vitest";
import { socketUrl } from "./client-socket.ts";

describe("the address of the socket", () => {
  test.each([
    ["http://localhost:3000", "ws://localhost:3000/api/sync"],
    ["https://example.com/", "wss://example.com/api/sync"],
    ["https://example.com/below", "wss://example.com/below/api/sync"],
    ["ws://http.example", "ws://http.example/api/sync"],
    ["wss://example.com/api/sync", "wss://example.com/api/sync"],
  ])("of %s is %s", (site, url) => {
    expect(socketUrl(site)).toBe(url);
  });

  test("is that of the page when none is given, and must be given where there is no page", () => {
    expect(() => socketUrl(undefined)).toThrow('new ConvexClient("http://localhost:3000")');
    vi.stubGlobal("location", { origin: "https://example.com" });
    expect(socketUrl(undefined)).toBe("wss://example.com/api/sync");
    expect(socketUrl("")).toBe("wss://example.com/api/sync");
    expect(socketUrl("/shop")).toBe("wss://example.com/shop/api/sync");
    expect(socketUrl("https://other.example")).toBe("wss://other.example/api/sync");
    vi.unstubAllGlobals();
  });
});
