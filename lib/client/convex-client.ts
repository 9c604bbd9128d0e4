import type { Cancel } from "../environment/environment.ts";
import type { FunctionArgs, FunctionReference, FunctionReturnType, PublicQuery } from "../functions/reference.ts";
import { keyOf, pathFrom } from "./calls/named-call.ts";
import type { OptimisticUpdate } from "./calls/optimistic-update.ts";
import { type ClientOptions, configuredClient } from "./client-options.ts";
import { type ConnectionState, ConnectionStatus } from "./connection-status.ts";
import { LOADING } from "./queries/answer.ts";
import type { QueryResult, Result } from "./queries/query-result.ts";
import { ResultRecord } from "./result-record.ts";
import type { SyncClient } from "./sync-client.ts";

type Arguments = Record<string, unknown>;
type PublicMutation = FunctionReference<"mutation", "public">;
type PublicAction = FunctionReference<"action", "public">;

/** `args` of a query that is watched with others: references are typed, paths are not. */
type Request<Query> = Query extends PublicQuery
  ? { query: Query; args?: FunctionArgs<Query> }
  : { query: Query; args?: Arguments };
type ResultOf<Query> = Query extends PublicQuery ? QueryResult<Query> : Result<unknown>;

/**
 * The client under the hooks, for code without React, in a browser or in Node. It connects when something is first
 * watched or called, comes back by itself, and keeps mutations in order.
 *
 * Functions are named by reference, fully typed, or by path (`"messages:listByChannel"`), untyped. Calls reject with
 * a `FunctionError`.
 *
 * @example
 * const client = new ConvexClient("http://localhost:3000");
 * const stop = client.watchQuery(api.messages.listByChannel, { channel: "general" }, ({ data }) => console.log(data));
 */
export class ConvexClient {
  /** The untyped client that the hooks are made on. Not for applications: it may change with any release. */
  readonly sync: SyncClient;
  readonly #status: ConnectionStatus;

  /** @param url Where the site is, such as `https://example.com`. Default: where the page came from. */
  constructor(url?: string, options: ClientOptions = {}) {
    this.sync = configuredClient(url, options);
    this.#status = new ConnectionStatus(this.sync);
  }

  /**
   * Calls back with each new result, and at once if one is known. Keeps the query live until stopped.
   * @returns stops it.
   */
  watchQuery<Query extends PublicQuery>(
    query: Query,
    args: FunctionArgs<Query>,
    callback: (result: QueryResult<Query>) => void,
  ): Cancel;
  watchQuery(query: string, args: Arguments, callback: (result: Result<unknown>) => void): Cancel;
  watchQuery(query: unknown, args: Arguments, callback: (result: Result<unknown>) => void): Cancel {
    const key = keyOf(query, args);
    let told: Result<unknown> = LOADING;
    const tell = () => {
      const result = this.sync.result(key);
      if (result === told) return;
      told = result;
      callback(result);
    };
    const stop = this.sync.watch([key], tell);
    tell();
    return stop;
  }

  /**
   * Calls back once for each update that changes any of these, with all of them, of one committed state; at once if
   * any is known.
   * @returns stops it.
   */
  watchQueries<Queries extends Record<string, PublicQuery | string>>(
    requests: { [Name in keyof Queries]: Request<Queries[Name]> },
    callback: (results: { [Name in keyof Queries]: ResultOf<Queries[Name]> }) => void,
  ): Cancel {
    const keys = Object.entries<Request<unknown>>(requests).map(
      ([name, { query, args }]) => [name, keyOf(query, args)] as const,
    );
    const record = new ResultRecord(this.sync, keys);
    const tell = () => callback(record.results() as never);
    const stop = record.watch(tell);
    if (Object.values(record.results()).some((result) => !result.isLoading)) tell();
    return stop;
  }

  /** The answer once, fresh from the server. Waits while there is no connection. */
  query<Query extends PublicQuery>(query: Query, args: FunctionArgs<Query>): Promise<FunctionReturnType<Query>>;
  query(query: string, args?: Arguments): Promise<unknown>;
  async query(query: unknown, args?: Arguments): Promise<unknown> {
    const key = keyOf(query, args);
    await this.sync.answered(key);
    const result = this.sync.serverResult(key);
    if (result?.error) throw result.error;
    return result?.data;
  }

  /**
   * Runs a mutation, after those called before. Resolves once the queries watched here show its writes; waits while
   * there is no connection. `optimisticUpdate` shows what it will probably do at once.
   */
  mutation<Mutation extends PublicMutation>(
    mutation: Mutation,
    args: FunctionArgs<Mutation>,
    options?: { optimisticUpdate?: OptimisticUpdate<FunctionArgs<Mutation>> },
  ): Promise<FunctionReturnType<Mutation>>;
  mutation(
    mutation: string,
    args?: Arguments,
    options?: { optimisticUpdate?: OptimisticUpdate<Arguments> },
  ): Promise<unknown>;
  async mutation(
    mutation: unknown,
    args?: Arguments,
    options: { optimisticUpdate?: OptimisticUpdate<never> } = {},
  ): Promise<unknown> {
    return this.sync.call("Mutate", pathFrom(mutation), args, options.optimisticUpdate);
  }

  /** Runs an action once. Rejects with `unavailable` when the connection is lost before its result has arrived. */
  action<Action extends PublicAction>(action: Action, args: FunctionArgs<Action>): Promise<FunctionReturnType<Action>>;
  action(action: string, args?: Arguments): Promise<unknown>;
  async action(action: unknown, args?: Arguments): Promise<unknown> {
    return this.sync.call("Act", pathFrom(action), args);
  }

  /** The same object until it changes. */
  connectionState(): ConnectionState {
    return this.#status.state();
  }

  subscribeToConnectionState(listener: () => void): Cancel {
    return this.#status.subscribe(listener);
  }

  /** Call it after sign-in or sign-out: connects again, so that the server looks again who is calling. */
  refreshIdentity(): void {
    this.sync.reconnect();
  }

  /** Disconnects for good. Calls that have not ended reject with `unavailable`. */
  async close(): Promise<void> {
    this.sync.close();
  }
}
