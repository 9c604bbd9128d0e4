import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { ServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { silent } from "../support/silent.ts";

/** The limit of the server's heap. Read all at once, the messages take several times as much. */
const HEAP_MIB = 256;
const SOCKETS = 40;

/** Nearly 1 MiB of lists in lists: read, it takes thirty. */
const nest = `${"[".repeat(40)}${"]".repeat(40)}`;
const args = `{"data":[${Array.from({ length: 12_000 }, () => nest).join()}]}`;
const call = `{"type":"Mutate","request":1,"path":"greedy:hoard","args":${args},"confirmedUpTo":0}`;

test("many sockets that each call once, with a message that takes much memory, do not fill the server's, and others are served", async () => {
  await using server = await ServerProcess.inNewDirectory(undefined, join(import.meta.dirname, "server.ts"));
  await server.start(undefined, HEAP_MIB, { PATIENT: "1" });
  const bystander = new ConvexClient(server.url, { logger: silent });
  onTestFinished(() => bystander.close());
  await bystander.mutation("entries:add", { list: "a", uid: "before" });

  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => RawSocket.open(server.host)));
  onTestFinished(() => {
    for (const { socket } of sockets) socket.terminate();
  });
  for (const [i, raw] of sockets.entries()) raw.connect(i + 1).socket.send(call);
  let isServed = false;
  const served = bystander.mutation("entries:add", { list: "a", uid: "meanwhile" }).then(() => {
    isServed = true;
  });
  served.catch(() => {});
  const answered = (raw: RawSocket) => raw.texts.some((text) => text.startsWith('{"type":"MutationSucceeded"'));
  await until(
    () => server.hasEnded || (isServed && sockets.every(answered)),
    () => `${sockets.filter(answered).length} of ${SOCKETS} are answered. ${server.output.slice(-500)}`,
  );
  expect(server.hasEnded, server.output.slice(-500)).toBe(false);
  expect(sockets.every(({ isOpen }) => isOpen)).toBe(true);
});
