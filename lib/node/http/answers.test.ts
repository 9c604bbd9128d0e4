import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { HandClock } from "../../testing/hand-clock.ts";
import { Answers } from "./answers.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that answers each request with 20 MiB, which no connection holds, and clients that ask it. */
async function largeAnswers(answers: Answers) {
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    answers.send(response, { status: 200, headers: {}, body: ["x".repeat(20 * 1024 * 1024)] });
  }).listen(0, "127.0.0.1");
  ends.push(() => server.close().closeAllConnections());
  await once(server, "listening");
  const ask = async (): Promise<Socket> => {
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    ends.push(() => client.destroy());
    const before = responses.length;
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => responses.length).toBe(before + 1);
    return client.pause();
  };
  return { ask, responses };
}

test("an answer that is not read for 30 s is given up with its connection", async () => {
  const clock = new HandClock();
  const { ask, responses } = await largeAnswers(new Answers(clock));
  await ask();
  clock.advance(29_999);
  expect(responses[0]?.destroyed).toBe(false);
  clock.advance(1);
  expect(responses[0]?.destroyed).toBe(true);
});

test("a large answer arrives as it is, also where a pair of surrogates stands at the end of a part", async () => {
  const body = [`a${"😀".repeat(100_000)}`, "語".repeat(70_000), "end"];
  const server = createServer((_request, response) => {
    answers.send(response, { status: 200, headers: {}, body });
  }).listen(0, "127.0.0.1");
  const answers = new Answers(new HandClock());
  ends.push(() => server.close().closeAllConnections());
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(Number(response.headers.get("content-length"))).toBe(Buffer.byteLength(body.join("")));
  expect((await response.text()) === body.join("")).toBe(true);
});

test("while unread answers hold too much, the oldest are given up; one that was read counts no more", async () => {
  const clock = new HandClock();
  const { ask, responses } = await largeAnswers(new Answers(clock, 50 * 1024 * 1024));
  await ask();
  await ask();
  const given = () => responses.map(({ destroyed }) => destroyed);
  expect(given()).toEqual([false, false]);
  const third = await ask();
  expect(given()).toEqual([true, false, false]);
  third.resume();
  await expect.poll(() => responses[2]?.writableFinished).toBe(true);
  await ask();
  expect(responses[1]?.destroyed).toBe(false);
  expect(responses[3]?.destroyed).toBe(false);
  await expect.poll(() => clock.waiting).toBe(2);
});
