import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { originAllowed } from "./origin.ts";

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;

test("an origin is allowed if its scheme, host and port are those that were called", () => {
  const allowed = (origin: string, host: string) => originAllowed(request({ origin, host }), { trustProxy: 0 });
  expect(allowed("http://localhost:3000", "localhost:3000")).toBe(true);
  expect(allowed("http://app.example", "app.example")).toBe(true);
  expect(allowed("http://app.example", "app.example:80")).toBe(true);
  expect(allowed("http://app.example", "APP.example")).toBe(true);
  expect(allowed("http://[::1]:3000", "[::1]:3000")).toBe(true);
  expect(allowed("http://localhost:3001", "localhost:3000")).toBe(false);
  expect(allowed("http://app.example:8443", "app.example")).toBe(false);
  expect(allowed("http://evil.app.example", "app.example")).toBe(false);
  expect(allowed("http://app.example/", "app.example")).toBe(false);
  expect(allowed("http://user@app.example", "app.example")).toBe(false);
  expect(allowed("null", "null")).toBe(false);
  expect(allowed("", "localhost")).toBe(false);
});

test("an https page is the server's own only behind a trusted proxy, as the server itself speaks http", () => {
  const headers = { origin: "https://app.example", host: "app.example" };
  expect(originAllowed(request(headers), { trustProxy: 0 })).toBe(false);
  expect(originAllowed(request(headers), { trustProxy: 1 })).toBe(true);
  expect(originAllowed(request(headers), { trustProxy: 0, origins: ["https://app.example"] })).toBe(true);
});

describe("behind a trusted proxy", () => {
  const behind = (trustProxy: number, headers: Record<string, string>) => (origin: string) =>
    originAllowed(request({ host: "10.0.0.1:3000", origin, ...headers }), { trustProxy });

  test("the host and the scheme that it writes are those that count, and without one they are not read", () => {
    const headers = { "x-forwarded-host": "app.example", "x-forwarded-proto": "https" };
    const allowed = behind(1, headers);
    expect(allowed("https://app.example")).toBe(true);
    expect(allowed("http://app.example")).toBe(false);
    expect(allowed("http://10.0.0.1:3000")).toBe(false);
    expect(behind(0, headers)("https://app.example")).toBe(false);
    expect(behind(0, headers)("http://10.0.0.1:3000")).toBe(true);
  });

  test.each([
    ["wss", "https://app.example", true],
    ["WSS", "https://app.example", true],
    ["HTTPS", "https://app.example", true],
    ["ws", "http://app.example", true],
    ["wss", "http://app.example", false],
    ["ws", "https://app.example", false],
    // What is no scheme of a page or a socket says nothing.
    ["h2", "https://app.example", true],
    ["constructor", "https://app.example", true],
  ])("X-Forwarded-Proto: %s is the scheme of a page at %s: %s", (scheme, origin, expected) => {
    expect(behind(1, { "x-forwarded-host": "app.example", "x-forwarded-proto": scheme })(origin)).toBe(expected);
  });

  test("a port that only X-Forwarded-Port tells counts, and so does the host without it", () => {
    const allowed = behind(1, { host: "app.example", "x-forwarded-proto": "https", "x-forwarded-port": "8443" });
    expect(allowed("https://app.example:8443")).toBe(true);
    expect(allowed("https://app.example")).toBe(true);
    expect(allowed("https://app.example:8444")).toBe(false);
    const usual = behind(1, { host: "app.example", "x-forwarded-proto": "https", "x-forwarded-port": "443" });
    expect(usual("https://app.example")).toBe(true);
    const both = behind(1, { host: "app.example:8443", "x-forwarded-proto": "https", "x-forwarded-port": "443" });
    expect(both("https://app.example:8443")).toBe(true);
    expect(both("https://app.example")).toBe(false);
  });

  test("of several entries the one that the outermost trusted proxy wrote counts, not what the client sent before it", () => {
    const headers = { "x-forwarded-host": "evil.example, app.example, inner.example", "x-forwarded-proto": "https" };
    expect(behind(1, headers)("https://inner.example")).toBe(true);
    expect(behind(2, headers)("https://app.example")).toBe(true);
    expect(behind(2, headers)("https://evil.example")).toBe(false);
    expect(behind(2, headers)("https://inner.example")).toBe(false);
  });
});
