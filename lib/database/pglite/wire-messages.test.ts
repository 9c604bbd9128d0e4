import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageGroups } from "./wire-messages.ts";

function message(type: string, body = ""): Buffer {
  const text = Buffer.from(body);
  const bytes = Buffer.alloc(5 + text.length);
  bytes.write(type);
  bytes.writeInt32BE(4 + text.length, 1);
  text.copy(bytes, 5);
  return bytes;
}

const startup = message("x", "user postgres").subarray(1);
const parsed = [message("P", "select $1"), message("B", "x".repeat(9_000)), message("E"), message("S")];
const sent = Buffer.concat([startup, ...parsed, message("Q", "select 1"), message("P"), message("H"), message("S")]);
const whole = [
  startup,
  Buffer.concat(parsed),
  message("Q", "select 1"),
  Buffer.concat([message("P"), message("H")]),
  message("S"),
];

test("messages that are answered together form one group, however the bytes arrive", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: sent.length }), { maxLength: 20 });
  fc.assert(
    fc.property(cuts, (places) => {
      const groups = new MessageGroups();
      const edges = [0, ...places.sort((a, b) => a - b), sent.length];
      const found = edges.flatMap((edge, i) => groups.push(sent.subarray(edge, edges[i + 1] ?? sent.length)));
      expect(found.map(({ bytes }) => Buffer.from(bytes).toString("latin1"))).toEqual(
        whole.map((each) => each.toString("latin1")),
      );
      expect(found.map(({ unfinished }) => unfinished)).toEqual([false, false, false, true, false]);
    }),
  );
});

test("the bytes of a group have a buffer of their own, so that it can be transferred", () => {
  const [group] = new MessageGroups().push(startup);
  expect(group?.bytes.buffer.byteLength).toBe(group?.bytes.byteLength);
});

test("Terminate ends the connection, and so do bytes that are not the protocol", () => {
  const leaving = new MessageGroups();
  leaving.push(Buffer.concat([startup, message("X"), message("Q", "too late")]));
  expect(leaving.ended).toBe(true);
  for (const nonsense of [
    Buffer.from("GET / HTTP/1.1\r\n"),
    Buffer.from([0, 0, 0, 1, 0]),
    Buffer.from([255, 255, 255, 255, 0]),
  ]) {
    const groups = new MessageGroups();
    expect(groups.push(nonsense)).toEqual([]);
    expect(groups.ended).toBe(true);
  }
});
