import type { Bench, Group } from "../bench.ts";
import { Listener } from "../load/listener.ts";
import { median, type Row, ratioAtMost, row, valueAtMost } from "../report/row.ts";
import type { Server } from "../server-process.ts";

const CLIENTS = 1_000;
const DISTINCT = 100;
const ROWS = 50;
const ROUNDS = 3;
const AT_ONCE = 100;
/** The queries of a page that watches many. */
const MANY = 10;

/** A thousand clients reconnect, and nothing has changed in the meantime. */
export const reconnect: Group = async (bench) => {
  const one = await comeBack(bench, 1);
  const many = await comeBack(bench, MANY);
  bench.note(
    `beside its queries each connection costs ${one.connected} B from the server, ${one.connect} B to it, and ${one.upgrade} B of HTTP`,
  );
  return [
    ...rowsOf("1 query each", one.down, one.both, one),
    ...rowsOf(`${MANY} queries each, Connect and Connected included`, many.allDown, many.allBoth, many),
    row(
      {
        name: "reconnect, nothing changed: query runs against distinct queries",
        unit: "",
        value: one.runs,
        baseline: DISTINCT,
      },
      ratioAtMost(1),
    ),
  ];
};

function rowsOf(what: string, down: number, both: number, { firstDown, firstBoth }: Round): Row[] {
  const name = `reconnect, nothing changed, ${what}: bytes per query`;
  return [
    row({ name: `${name} from the server`, unit: "B", value: down, baseline: firstDown }, valueAtMost(60, "B")),
    row({ name: `${name} both ways`, unit: "B", value: both, baseline: firstBoth }, valueAtMost(250, "B")),
  ];
}

interface Round {
  /** Bytes per query: of transitions, and of transitions with their `Subscribe`. */
  down: number;
  both: number;
  /** The same, including the messages of the connection itself. */
  allDown: number;
  allBoth: number;
  /** `down` and `both` of the first connection, when every answer was new. */
  firstDown: number;
  firstBoth: number;
  /** Bytes of the connection itself, per client. */
  connected: number;
  connect: number;
  upgrade: number;
  runs: number;
}

async function comeBack(bench: Bench, queries: number): Promise<Round> {
  const server = await bench.start("live", bench.databases.embedded);
  await server.seed({ prefix: "c", channels: DISTINCT, rows: ROWS });
  const channelsOf = (i: number) => Array.from({ length: queries }, (_, k) => `c${(i + k * 7) % DISTINCT}`);
  const before = Array.from({ length: CLIENTS }, (_, i) => new Listener(channelsOf(i)));
  await connectAll(server, before, () => []);
  const first = bytesPerQuery(before, queries);
  const tokens = before.map((client) => client.tokens);
  await cutAll(server, before);

  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const clients = before.map((client, i) => new Listener(channelsOf(i), client.clientId));
    await server.usage();
    await connectAll(server, clients, (i) => tokens[i] ?? []);
    const { queryRuns } = await server.usage();
    const bytes = bytesPerQuery(clients, queries);
    rounds.push({ ...bytes, firstDown: first.down, firstBoth: first.both, runs: queryRuns });
    if (clients.some((client) => client.reads("Transition").some(({ message }) => message.answers))) {
      throw new Error("Expected no answer for a client that has all of them. It was sent one.");
    }
    await cutAll(server, clients);
  }
  await server.stop();
  const keys = Object.keys(rounds[0] as Round) as (keyof Round)[];
  return Object.fromEntries(keys.map((key) => [key, median(rounds.map((round) => round[key]))])) as never as Round;
}

function bytesPerQuery(clients: readonly Listener[], queries: number) {
  const perClient = (bytes: (client: Listener) => number) =>
    clients.reduce((sum, client) => sum + bytes(client), 0) / clients.length;
  const transitions = perClient((client) => client.bytesOf("Transition"));
  const connected = perClient((client) => client.bytesOf("Connected"));
  const subscribe = perClient(({ sent }) => sent.subscribe);
  const connect = perClient(({ sent }) => sent.connect);
  return {
    down: transitions / queries,
    both: (transitions + subscribe) / queries,
    allDown: (transitions + connected) / queries,
    allBoth: (transitions + connected + subscribe + connect) / queries,
    connected,
    connect,
    upgrade: perClient((client) => client.upgradeBytes),
  };
}

async function connectAll(
  server: Server,
  clients: readonly Listener[],
  tokensOf: (i: number) => readonly string[],
): Promise<void> {
  for (let i = 0; i < clients.length; i += AT_ONCE) {
    const group = clients.slice(i, i + AT_ONCE);
    await Promise.all(group.map((client, k) => client.connect(server.port, tokensOf(i + k))));
  }
  await Promise.all(clients.map((client) => client.subscribed()));
}

async function cutAll(server: Server, clients: readonly Listener[]): Promise<void> {
  for (const client of clients) client.cut();
  while ((await server.socketCount()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
