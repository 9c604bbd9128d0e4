import type { Group } from "../bench.ts";
import { messageIn, ROW_BYTES } from "../functions/conversation.ts";
import { Listener } from "../load/listener.ts";
import { MessageSender } from "../load/sender.ts";
import { median, ratioAtMost, row, valueAtMost } from "../report/row.ts";
import type { Server } from "../server-process.ts";

const COMMITS = 5;

/** The bytes that a subscriber receives when one row is appended to its result. */
export const bytes: Group = async (bench) => {
  const server = await bench.start("live", bench.databases.embedded);
  const sender = await MessageSender.connect(server);
  const short = await perDelivery(server, sender, 50);
  const long = await perDelivery(server, sender, 1_000);
  const bound = valueAtMost(ROW_BYTES + 95, "B");
  const appended = (rows: string) => `bytes per delivery, a ${ROW_BYTES}-byte row appended to ${rows} rows`;
  return [
    row({ name: appended("50"), unit: "B", value: short, baseline: ROW_BYTES }, bound),
    row({ name: appended("1,000"), unit: "B", value: long, baseline: ROW_BYTES }, bound),
    row(
      { name: "the same for both: 1,000 rows against 50", unit: "B", value: long, baseline: short },
      ratioAtMost(1.05),
    ),
  ];
};

async function perDelivery(server: Server, sender: MessageSender, rows: number): Promise<number> {
  const prefix = `rows${rows}-`;
  const channel = `${prefix}0`;
  await server.seed({ prefix, channels: 1, rows });
  const listener = new Listener([channel]);
  await listener.connect(server.port);
  await listener.subscribed();
  const first = listener.reads("Transition").length;
  for (let i = 0; i < COMMITS; i++) {
    await sender.send(messageIn(channel));
    await listener.transitions(first + i + 1);
  }
  const deliveries = listener.reads("Transition").slice(first);
  listener.cut();
  return median(deliveries.map(({ bytes }) => bytes));
}
