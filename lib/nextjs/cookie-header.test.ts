import { expect, test } from "vitest";
import { cookieHeader } from "./cookie-header.ts";

/** What `cookies()` holds, as Next has it. */
const jar = (cookies: Record<string, string>) => Object.entries(cookies).map(([name, value]) => ({ name, value }));

test.each([
  ["none", "", {}, ""],
  ["unchanged ones stay as they came", "a=1; b=x=y==;c", { a: "1", b: "x=y==", c: "true" }, "a=1; b=x=y==; c"],
  ["so do values that others would encode", "a=(1)+%20/", { a: "(1)+ /" }, "a=(1)+%20/"],
  ["so do several of one name, of which Next reads the last", "a=1; a=2", { a: "2" }, "a=1; a=2"],
  ["so do those that Next cannot read", "a=%; b=2", { b: "2" }, "a=%; b=2"],
  ["so does an empty one", "a=; b=2", { a: "", b: "2" }, "a=; b=2"],
  ["a new one comes last, encoded", "a=1", { a: "1", b: "x; y=é" }, "a=1; b=x%3B%20y%3D%C3%A9"],
  ["one that was set anew is the new one", "a=1; b=2", { a: "3", b: "2" }, "b=2; a=3"],
  ["all of one name that was set anew are gone", "a=1; a=2", { a: "3" }, "a=3"],
  ["a deleted one is gone", "a=1; b=2", { a: "", b: "2" }, "b=2"],
  ["also when Next could not read it", "a=%; b=2", { a: "", b: "2" }, "b=2"],
  ["also when `proxy.ts` has taken it out of the request", "a=1; b=2", { b: "2" }, "b=2"],
  ["a name of an object's prototype is a name", "__proto__=1", { ["__proto__"]: "1" }, "__proto__=1"],
] as const)("cookies: %s", (_what, sent, current, expected) => {
  expect(cookieHeader(sent, jar(current as Record<string, string>))).toBe(expected);
});
