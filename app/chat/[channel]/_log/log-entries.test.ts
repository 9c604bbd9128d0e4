import { expect, test } from "vitest";
import type { Message } from "@/app/chat/_outbox/pending-message";
import { toLogEntries } from "./log-entries";

function message(id: number, author: string, createdAt: string): Message {
  return { id, channel: "general", author, text: `message ${id}`, createdAt: new Date(createdAt) };
}

function outline(messages: Message[]): string[] {
  return toLogEntries(messages, "utc").map((entry) => {
    if (entry.kind === "day") return entry.day;
    return entry.startsGroup ? `${entry.message.author}: ${entry.message.id}` : `  ${entry.message.id}`;
  });
}

test("consecutive messages of one author are one group", () => {
  const messages = [
    message(1, "Ines", "2026-11-23T10:00:00Z"),
    message(2, "Ines", "2026-11-23T10:01:00Z"),
    message(3, "Tomasz", "2026-11-23T10:02:00Z"),
    message(4, "Ines", "2026-11-23T10:03:00Z"),
  ];
  expect(outline(messages)).toEqual(["2026-11-23", "Ines: 1", "  2", "Tomasz: 3", "Ines: 4"]);
});

test("after five minutes without a message the author is named again", () => {
  const messages = [message(1, "Ines", "2026-11-23T10:00:00Z"), message(2, "Ines", "2026-11-23T10:05:00Z")];
  expect(outline(messages)).toEqual(["2026-11-23", "Ines: 1", "Ines: 2"]);
});

test("a new day has a heading and starts a group", () => {
  const messages = [message(1, "Ines", "2026-11-23T23:59:00Z"), message(2, "Ines", "2026-11-24T00:00:00Z")];
  expect(outline(messages)).toEqual(["2026-11-23", "Ines: 1", "2026-11-24", "Ines: 2"]);
});

test("an empty channel has no entries", () => {
  expect(outline([])).toEqual([]);
});
