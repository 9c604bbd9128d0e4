import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { hostAllowed } from "./allowed-hosts.ts";

const rules = { development: true, host: "localhost", trustProxy: 0, allowedHosts: ["app.test", "*.lan.test"] };
const called = (host: string | undefined, more: Record<string, string> = {}) =>
  ({ headers: { ...(host === undefined ? {} : { host }), ...more } }) as unknown as IncomingMessage;

describe("in development", () => {
  test.each([
    ...["localhost", "localhost:3000", "LOCALHOST:3000", "app.localhost:3000", "127.0.0.1:3000", "192.168.1.7:3000"],
    ...["[::1]:3000", "[fe80::1]", "ada-laptop:3000", "Ada-Laptop.local:3000", "app.test:3000", "web.lan.test"],
    undefined,
  ])("%s is served", (host) => {
    expect(hostAllowed(called(host), rules, "Ada-Laptop")).toBe(true);
  });

  test.each([
    ...["evil.example:3000", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example", "lan.test"],
    ...["app.test.evil.example", "evil.example/localhost", "localhost@evil.example", "localhost evil.example", ""],
  ])("%s is not, as any site may own such a name", (host) => {
    expect(hostAllowed(called(host), rules, "Ada-Laptop")).toBe(false);
  });

  test("HOST is served by its name", () => {
    expect(hostAllowed(called("dev.box:3000"), rules)).toBe(false);
    expect(hostAllowed(called("dev.box:3000"), { ...rules, host: "dev.box" })).toBe(true);
  });

  test("behind a trusted proxy the host that it tells counts", () => {
    const forwarded = called("10.0.0.1:3000", { "x-forwarded-host": "evil.example" });
    expect(hostAllowed(forwarded, { ...rules, trustProxy: 1 })).toBe(false);
    expect(hostAllowed(forwarded, rules)).toBe(true);
  });
});

test("in production every host is served", () => {
  expect(hostAllowed(called("evil.example"), { ...rules, development: false })).toBe(true);
});
