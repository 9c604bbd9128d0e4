import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { clientMessage } from "./client-message.ts";
import { afterClose, CloseCode, ForeignCloseCode } from "./close-codes.ts";
import { serverMessage, unavailableReason } from "./server-message.ts";
import { PROTOCOL_VERSION } from "./version.ts";

const document = readFileSync(new URL("./PROTOCOL.md", import.meta.url), "utf8");

/** The cells of the table under a heading, row by row. */
function tableUnder(heading: string): string[][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim()),
  );
}

const CODES: readonly number[] = [...Object.values(ForeignCloseCode), ...Object.values(CloseCode)].sort(
  (a, b) => a - b,
);

const inCode = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");

/** The names of a message's fields as the document writes them: an optional one has `?` after it. */
function fieldsOf(message: z.ZodObject): string[] {
  const fields = Object.entries(message.shape).filter(([name]) => name !== "type");
  return fields.map(([name, schema]) => ((schema as z.ZodType).def.type === "optional" ? `${name}?` : name));
}

const typeOf = (message: z.ZodObject): string => (message.shape.type as z.ZodLiteral<string>).value;

describe.each([
  ["From the client", clientMessage.options],
  ["From the server", serverMessage.options],
] as [string, z.ZodObject[]][])("PROTOCOL.md, %s", (heading, messages) => {
  const rows = tableUnder(heading);

  test("describes every message, and no other", () => {
    expect(rows.flatMap(([name]) => inCode(name)).sort()).toEqual(messages.map(typeOf).sort());
  });

  test.each(messages.map((message) => [typeOf(message), message] as const))(
    "names each field of %s",
    (type, message) => {
      const [, fields] = rows.find(([name]) => name === `\`${type}\``) ?? [];
      const named = inCode(fields).map((code) => code.match(/^\w+\??/)?.[0]);
      expect(named.sort()).toEqual(fieldsOf(message).sort());
    },
  );
});

describe("PROTOCOL.md", () => {
  test("says what the client does after every close code, and lists no other", () => {
    const rows = tableUnder("Close codes").map(([code, meaning, reaction]) => {
      expect(`${code}: ${meaning} → ${reaction}`).toMatch(/: .+ → .+/);
      return [code, inCode(reaction)[0]];
    });
    const others = 4999;
    expect(CODES).not.toContain(others);
    expect(rows).toEqual([...CODES.map((code) => [String(code), afterClose(code)]), ["others", afterClose(others)]]);
  });

  test("says what became of a call for every reason of unavailable, and lists no other", () => {
    const rows = tableUnder("Errors");
    expect(rows.flatMap(([reason]) => inCode(reason)).sort()).toEqual([...unavailableReason.options].sort());
    expect(rows.filter(([, , mayHaveHappened]) => mayHaveHappened !== "no").map(([reason]) => reason)).toEqual([
      "`outcomeUnknown`",
    ]);
  });

  test("names no close code that does not exist", () => {
    const named = [...document.matchAll(/\b(4[0-9]{3}|1[0-9]{3})\b/g)].map(([code]) => Number(code));
    for (const code of named) expect(CODES).toContain(code);
  });

  test("has the version of the code", () => {
    expect(document.split("\n")[0]).toMatch(new RegExp(`\\bversion ${PROTOCOL_VERSION}$`));
  });

  test("shows valid messages as examples", () => {
    const examples = [...document.matchAll(/```json\n([\s\S]+?)```/g)].map(([, text]) => JSON.parse(text ?? ""));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(serverMessage.safeParse(example).success || clientMessage.safeParse(example).success).toBe(true);
    }
  });
});
