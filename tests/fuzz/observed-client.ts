import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../lib/client/calls/named-call.ts";
import type { ConvexClient } from "../../lib/client/convex-client.ts";
import type { Result } from "../../lib/client/queries/query-result.ts";
import type { Cancel } from "../../lib/environment/environment.ts";
import type { QueryKey } from "../../lib/functions/query-key.ts";
import type { Item, ModelQuery, MutationArgs } from "./model.ts";

/** What one client showed at one moment, and how its calls went, in the order in which it happened. */
export type Observation =
  | { what: "view"; step: number; who: string; shown: readonly Shown[] }
  | { what: "called"; uid: number; guesses: string | undefined }
  | { what: "resolved"; uid: number; step: number; who: string; shown: readonly Shown[] }
  | { what: "rejected"; uid: number; kind: string };

export interface Shown {
  query: ModelQuery;
  /** Undefined data and error: it is loading. */
  result: Result<unknown>;
}

/** An item that an optimistic update has added. */
type Guess = Item & { isGuess: true };

/** Watches a client as a page would, and writes down every state it is told of. */
export class ObservedClient {
  readonly client: ConvexClient;
  readonly name: string;
  /** Its caller, as the last Connected told it. */
  who: string;
  readonly observations: Observation[] = [];
  readonly faults: string[] = [];
  /** Numbers of its calls, in the order called. */
  readonly called: number[] = [];
  open = 0;
  /** The caller that made each call. Undefined: made before the first Connected told the identity. */
  readonly calledAs = new Map<number, string | undefined>();
  /** Calls that had not ended when its identity changed: they must be refused. */
  readonly leftBehind = new Set<number>();
  #hasBeenTold = false;
  readonly #openCalls = new Set<number>();
  readonly #watched = new Map<QueryKey, { query: ModelQuery; times: number }>();
  readonly #groups: { stop: Cancel; keys: QueryKey[] }[] = [];
  readonly #told = new Map<QueryKey, Result<unknown>>();
  readonly #step: () => number;

  constructor(client: ConvexClient, name: string, who: string, step: () => number) {
    this.client = client;
    this.name = name;
    this.who = who;
    this.#step = step;
  }

  get groups(): number {
    return this.#groups.length;
  }

  /** Call just before the client reads its identity in Connected. */
  learns(who: string): void {
    if (!this.#hasBeenTold) for (const uid of this.#openCalls) this.calledAs.set(uid, who);
    else if (who !== this.who) for (const uid of this.#openCalls) this.leftBehind.add(uid);
    this.#hasBeenTold = true;
    this.who = who;
  }

  /** Writes down what is shown, whether a listener was told of it or not. */
  look(): void {
    this.observations.push({ what: "view", step: this.#step(), who: this.who, shown: this.shown() });
  }

  /** Watches these together. */
  watch(queries: readonly ModelQuery[]): void {
    const keys = queries.map(({ path, args }) => keyOf(path, args));
    for (const [i, key] of keys.entries()) {
      const watched = this.#watched.get(key) ?? { query: queries[i] as ModelQuery, times: 0 };
      watched.times++;
      this.#watched.set(key, watched);
    }
    const requests = Object.fromEntries(queries.map(({ path, args }, i) => [String(i), { query: path, args }]));
    const group = { stop: () => {}, keys };
    this.#groups.push(group);
    group.stop = this.client.watchQueries(requests, (results) => {
      for (const [i, key] of keys.entries()) {
        const result = results[String(i)] as Result<unknown>;
        if (result !== this.client.sync.result(key)) this.faults.push(`${key}: told another result than there is`);
      }
      this.#record();
    });
  }

  /** Stops watching one of the groups. */
  unwatch(index: number): void {
    const [group] = this.#groups.splice(index, 1);
    if (!group) return;
    group.stop();
    for (const key of group.keys) {
      const watched = this.#watched.get(key);
      if (!watched || --watched.times > 0) continue;
      this.#watched.delete(key);
      this.#told.delete(key);
    }
  }

  /** Calls the mutation, with a guess of what it adds. */
  call(args: MutationArgs, optimistic: boolean): void {
    const { uid } = args;
    const added = args.ops.find(({ kind, savepoint }) => kind === "add" && savepoint !== "thrown");
    const guesses = optimistic ? added?.list : undefined;
    this.called.push(uid);
    this.calledAs.set(uid, this.#hasBeenTold ? this.who : undefined);
    this.#openCalls.add(uid);
    this.open++;
    this.observations.push({ what: "called", uid, guesses });
    const update = {
      optimisticUpdate: (store: {
        getQuery(q: never, a: never): unknown;
        setQuery(q: never, a: never, v: never): void;
      }) => {
        const query = "items:inList" as never;
        const list = { list: guesses } as never;
        const items = store.getQuery(query, list) as Item[] | undefined;
        const guess: Guess = { id: uid, list: guesses ?? "", owner: this.who, rank: added?.rank ?? 0, isGuess: true };
        if (items) store.setQuery(query, list, [...items, guess] as never);
      },
    };
    this.client.mutation("items:apply", args as never, guesses === undefined ? {} : (update as never)).then(
      () => {
        this.#ended(uid);
        this.observations.push({ what: "resolved", uid, step: this.#step(), who: this.who, shown: this.shown() });
      },
      (error: { kind?: string; reason?: string }) => {
        this.#ended(uid);
        this.observations.push({ what: "rejected", uid, kind: error.reason ?? error.kind ?? String(error) });
      },
    );
  }

  #ended(uid: number): void {
    this.open--;
    this.#openCalls.delete(uid);
  }

  /** What it shows now, of all that it watches. */
  shown(): Shown[] {
    return [...this.#watched].map(([key, { query }]) => ({ query, result: this.client.sync.result(key) }));
  }

  /** At rest, the listeners must have been told the present result of each query. */
  checkTold(): void {
    for (const key of this.#watched.keys()) {
      const result = this.client.sync.result(key);
      const told = this.#told.get(key);
      if (result !== told && !(told === undefined && result.isLoading))
        this.faults.push(`${key} changed, and no listener was told`);
    }
  }

  #record(): void {
    let isNews = false;
    for (const key of this.#watched.keys()) {
      const result = this.client.sync.result(key);
      const before = this.#told.get(key);
      if (before === result) continue;
      isNews = true;
      if (before) this.#checkIdentity(key, before, result);
      this.#told.set(key, result);
    }
    if (isNews) this.look();
  }

  /** A result that did not change must be the same object, and so must each row that did not. */
  #checkIdentity(key: QueryKey, before: Result<unknown>, now: Result<unknown>): void {
    if (before.data === undefined || now.data === undefined || before.data === now.data) return;
    if (isDeepStrictEqual(before.data, now.data)) this.faults.push(`${key}: equal data, but another object`);
    if (!Array.isArray(before.data) || !Array.isArray(now.data)) return;
    const rows = new Map(before.data.map((row) => [(row as Item).id, row]));
    for (const row of now.data as Item[]) {
      const same = row?.id === undefined ? undefined : rows.get(row.id);
      if (same !== undefined && same !== row && isDeepStrictEqual(same, row)) {
        this.faults.push(
          `${key}: row ${row.id} did not change, but is another object @${this.#step()}: ${JSON.stringify(before)} -> ${JSON.stringify(now)}`,
        );
      }
    }
  }
}
