import { expect, test } from "vitest";
import { cookieHeader } from "./cookie-header.ts";

/** The content of Next's `cookies()`. */
const jar = (cookies: Record<string, string>) => Object.entries(cookies).map(([name, value]) => ({ name, value }));

test.each([
  ["none", "", {}, ""],
  ["unchanged ones keep their text", "a=1; b=x=y==;c", { a: "1", b: "x=y==", c: "true" }, "a=1; b=x=y==; c"],
  ["so do values that an encoder would change", "a=(1)+%20/", { a: "(1)+ /" }, "a=(1)+%20/"],
  ["so do several with one name, of which Next reads the last", "a=1; a=2", { a: "2" }, "a=1; a=2"],
  ["so do those that Next cannot read", "a=%; b=2", { b: "2" }, "a=%; b=2"],
  ["so does an empty one", "a=; b=2", { a: "", b: "2" }, "a=; b=2"],
  ["a new one is added at the end, encoded", "a=1", { a: "1", b: "x; y=é" }, "a=1; b=x%3B%20y%3D%C3%A9"],
  ["one that was set again has the new value", "a=1; b=2", { a: "3", b: "2" }, "b=2; a=3"],
  ["setting one replaces all with its name", "a=1; a=2", { a: "3" }, "a=3"],
  ["a deleted one is left out", "a=1; b=2", { a: "", b: "2" }, "b=2"],
  ["also if Next could not read it", "a=%; b=2", { a: "", b: "2" }, "b=2"],
  ["also if `proxy.ts` removed it from the request", "a=1; b=2", { b: "2" }, "b=2"],
  ["the name of a prototype's property is a name like any other", "__proto__=1", { ["__proto__"]: "1" }, "__proto__=1"],
] as const)("cookies: %s", (_what, sent, current, expected) => {
  expect(cookieHeader(sent, jar(current as Record<string, string>))).toBe(expected);
});
