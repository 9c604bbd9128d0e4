import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { clientAddress, originAllowed } from "./origin.ts";

const request = (headers: Record<string, string>) =>
  ({ headers, socket: { remoteAddress: "10.0.0.1" } }) as unknown as IncomingMessage;

test("an origin is allowed if its host and port are those that were called, encrypted or not", () => {
  const allowed = (origin: string, host: string) => originAllowed(request({ origin, host }), { trustProxy: false });
  expect(allowed("http://localhost:3000", "localhost:3000")).toBe(true);
  expect(allowed("https://app.example", "app.example")).toBe(true);
  expect(allowed("https://app.example", "app.example:443")).toBe(true);
  expect(allowed("https://app.example", "APP.example")).toBe(true);
  expect(allowed("http://[::1]:3000", "[::1]:3000")).toBe(true);
  expect(allowed("http://localhost:3001", "localhost:3000")).toBe(false);
  expect(allowed("https://app.example:8443", "app.example")).toBe(false);
  expect(allowed("https://evil.app.example", "app.example")).toBe(false);
  expect(allowed("https://app.example/", "app.example")).toBe(false);
  expect(allowed("https://user@app.example", "app.example")).toBe(false);
  expect(allowed("null", "null")).toBe(false);
  expect(allowed("", "localhost")).toBe(false);
});

test("forwarded headers count only behind a trusted proxy, where the scheme counts as well", () => {
  const headers = {
    host: "10.0.0.1:3000",
    "x-forwarded-host": "app.example, inner.example",
    "x-forwarded-proto": "https",
    "x-forwarded-for": "1.2.3.4, 10.0.0.9",
  };
  const allowed = (origin: string, trustProxy: boolean) =>
    originAllowed(request({ ...headers, origin }), { trustProxy });
  expect(allowed("https://app.example", true)).toBe(true);
  expect(allowed("http://app.example", true)).toBe(false);
  expect(allowed("https://inner.example", true)).toBe(false);
  expect(allowed("https://app.example", false)).toBe(false);
  expect(allowed("http://10.0.0.1:3000", false)).toBe(true);
  expect(clientAddress(request(headers), true)).toBe("1.2.3.4");
  expect(clientAddress(request(headers), false)).toBe("10.0.0.1");
});
