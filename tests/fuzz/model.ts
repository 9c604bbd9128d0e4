/**
 * What the fuzzer and the simulation run: a few lists of items. Here every query is written once more, in plain
 * JavaScript over one state, so that what a client shows can be compared with every state there ever was.
 */
export interface Item {
  id: number;
  list: string;
  owner: string;
  rank: number;
}

/** The whole database after one commit. */
export interface State {
  /** By id. */
  readonly items: readonly Item[];
  readonly privateLists: ReadonlySet<string>;
  /** How often each mutation has been applied, by its number. More than once is a fault. */
  readonly log: ReadonlyMap<number, number>;
  /** The caller that each mutation ran as, by its number. Only where callers change. */
  readonly ranAs?: ReadonlyMap<number, string>;
}

export const LISTS = ["a", "b", "c"] as const;
/** `strict` throws for a list with more items than this. */
export const STRICT_LIMIT = 4;

export interface ModelQuery {
  path: string;
  args: Record<string, unknown>;
}

/** A query with its arguments, as a client may watch it. */
export const QUERIES: readonly ModelQuery[] = [
  ...LISTS.flatMap((list) => [
    { path: "items:inList", args: { list } },
    { path: "items:top", args: { list, limit: 2 } },
    { path: "items:visible", args: { list } },
    { path: "items:strict", args: { list } },
  ]),
  { path: "items:count", args: {} },
  { path: "items:overview", args: {} },
  { path: "items:mine", args: {} },
  { path: "items:pair", args: { first: "a", second: "b" } },
  { path: "items:pair", args: { first: "b", second: "c" } },
];

export type Evaluated = { data: unknown } | { error: unknown };

/** The answer to a query in one state, for one caller. */
export function evaluate({ path, args }: ModelQuery, state: State, who: string): Evaluated {
  const inList = (list: unknown) => state.items.filter((item) => item.list === list).sort(byRank);
  switch (path) {
    case "items:inList":
      return { data: inList(args.list) };
    case "items:top":
      return { data: inList(args.list).slice(0, args.limit as number) };
    case "items:visible": {
      const all = inList(args.list);
      return { data: state.privateLists.has(args.list as string) ? all.filter((item) => item.owner === who) : all };
    }
    case "items:strict": {
      const count = inList(args.list).length;
      return count > STRICT_LIMIT ? { error: { code: "tooMany", count } } : { data: count };
    }
    case "items:count":
      return { data: { count: state.items.length, total: sum(state.items) } };
    case "items:overview":
      return {
        data: LISTS.map((list) => ({
          id: list,
          isPrivate: state.privateLists.has(list),
          count: inList(list).length,
          total: sum(inList(list)),
        })),
      };
    case "items:mine":
      return { data: { who, items: state.items.filter((item) => item.owner === who).sort(byRank) } };
    case "items:pair":
      return { data: [inList(args.first), inList(args.second)] };
    default:
      throw new Error(`The model has no query ${path}.`);
  }
}

function byRank(one: Item, other: Item): number {
  return one.rank - other.rank || one.id - other.id;
}

function sum(items: readonly Item[]): number {
  return items.reduce((total, { rank }) => total + rank, 0);
}

/** One change that a mutation makes. With `savepoint` it runs in one, and if it is to throw, nothing of it stays. */
export interface Op {
  kind: "add" | "move" | "bump" | "remove" | "toggle";
  /** Of the item; of none for `toggle`. */
  id: number;
  list: string;
  rank: number;
  savepoint: "none" | "kept" | "thrown";
}

export interface MutationArgs {
  /** No other mutation has this number. */
  uid: number;
  ops: Op[];
  /** Throws at its end: nothing of it may stay. */
  fails: boolean;
}
