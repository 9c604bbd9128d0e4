import { z } from "zod";
import type { Auth, RunFunction } from "../../lib/functions/context.ts";
import { createFunctions } from "../../lib/functions/define.ts";
import { ConvexError } from "../../lib/values/errors.ts";
import { defineMutations, type Queries, queryArgs, type Store } from "../fuzz/define-functions.ts";
import { evaluate, type Item, type ModelQuery, type State } from "../fuzz/model.ts";
import type { Rows } from "./memory-database.ts";
import type { MemoryDb } from "./memory-driver.ts";

const { query } = createFunctions<Record<string, unknown>>();

interface Ctx {
  db: MemoryDb;
  auth: Auth;
  runQuery: RunFunction<"query">;
}

const itemKey = (id: number) => `item/${id}`;
const privateKey = (list: string) => `private/${list}`;
const logKey = (uid: number) => `log/${uid}`;

interface Ran {
  uid: number;
  times: number;
  who: string;
}

/** The state that is in these rows. */
export function stateOf(rows: Rows): State {
  const items: Item[] = [];
  const privateLists = new Set<string>();
  const log = new Map<number, number>();
  const ranAs = new Map<number, string>();
  for (const [key, row] of rows) {
    if (key.startsWith("item/")) items.push(row as Item);
    else if (key.startsWith("private/")) privateLists.add(row as string);
    else if (key.startsWith("log/")) {
      const { uid, times, who } = row as Ran;
      log.set(uid, times);
      ranAs.set(uid, who);
    }
  }
  return { items, privateLists, log, ranAs };
}

/** Reads what the query needs, each in a statement of its own, and answers as the model does. */
async function answer(query: ModelQuery, { db, auth }: Ctx): Promise<unknown> {
  const items = (await db.scan("item/")) as Item[];
  const privateLists = new Set((await db.scan("private/")) as string[]);
  const isMine =
    query.path === "items:mine" || (query.path === "items:visible" && privateLists.has(String(query.args.list)));
  const who = isMine ? ((await auth.getUserIdentity())?.subject ?? "anonymous") : "";
  const evaluated = evaluate(query, { items, privateLists, log: new Map() }, who);
  if ("error" in evaluated) throw new ConvexError(evaluated.error as never);
  return evaluated.data;
}

const ask = (name: string) => (ctx: unknown, args: Record<string, unknown>) =>
  answer({ path: `items:${name}`, args }, ctx as Ctx);

const inList = query({ args: queryArgs.inList, handler: ask("inList") });
const queries = {
  inList,
  top: query({ args: queryArgs.top, handler: ask("top") }),
  visible: query({ args: queryArgs.inList, handler: ask("visible") }),
  strict: query({ args: queryArgs.inList, handler: ask("strict") }),
  count: query({ args: z.object({}), handler: ask("count") }),
  overview: query({ args: z.object({}), handler: ask("overview") }),
  mine: query({ args: z.object({}), handler: ask("mine") }),
  pair: query({
    args: queryArgs.pair,
    handler: async ({ runQuery }, { first, second }) => {
      const run = runQuery as unknown as (query: unknown, args: { list: string }) => Promise<unknown>;
      return [await run(inList, { list: first }), await run(inList, { list: second })];
    },
  }),
} as unknown as Queries;

function storeOf(anyDb: unknown): Store {
  const db = anyDb as MemoryDb;
  return {
    item: async (id) => (await db.get(itemKey(id))) as Item | undefined,
    put: (item) => db.put(itemKey(item.id), item),
    remove: (id) => db.put(itemKey(id), undefined),
    isPrivate: async (list) => (await db.get(privateKey(list))) !== undefined,
    setPrivate: (list, isPrivate) => db.put(privateKey(list), isPrivate ? list : undefined),
    ran: async (uid, who) => {
      const before = (await db.get(logKey(uid))) as Ran | undefined;
      await db.put(logKey(uid), { uid, times: (before?.times ?? 0) + 1, who } satisfies Ran);
    },
  };
}

/** The model's functions over the database in memory. */
export const functions = { items: { ...queries, ...defineMutations(queries, storeOf) } };
