import { expect, test } from "vitest";
import { splitLinks } from "./split-links";

/** The text with its links in angle brackets. */
const marked = (text: string) =>
  splitLinks(text)
    .map((part) => (part.kind === "link" ? `<${part.text}>` : part.text))
    .join("");

test.each([
  ["see https://example.com/a?b=c#d and tell", "see <https://example.com/a?b=c#d> and tell"],
  ["http://localhost:3000", "<http://localhost:3000>"],
  ["HTTPS://EXAMPLE.COM", "<HTTPS://EXAMPLE.COM>"],
  ["two: https://a.example, https://b.example!", "two: <https://a.example>, <https://b.example>!"],
  ["(https://example.com/a)", "(<https://example.com/a>)"],
  ["https://en.wikipedia.org/wiki/Glade_(clearing).", "<https://en.wikipedia.org/wiki/Glade_(clearing)>."],
  ["“https://example.com”", "“<https://example.com>”"],
])("in %j the addresses are links", (text, expected) => {
  expect(marked(text)).toBe(expected);
});

test.each([
  "no address at all",
  "",
  "javascript:alert(1)",
  "data:text/html,hello",
  "ftp://example.com",
  "xhttps://example.com",
  "https://",
  "https://[",
])("%j holds no link", (text) => {
  expect(splitLinks(text).filter(({ kind }) => kind === "link")).toEqual([]);
});

test("markup ends an address and stays text", () => {
  const text = 'https://example.com"onclick="alert(1) https://example.com<script>';
  expect(marked(text)).toBe('<https://example.com>"onclick="alert(1) <https://example.com><script>');
});

test("the parts joined are the text, and a long one is split in no time worth naming", () => {
  const text = `https://example.com/${")".repeat(1_900)} and (((https://example.com/((((`;
  expect(
    splitLinks(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});
