import type { Cancel } from "../environment/environment.ts";
import type {
  FunctionArgs,
  FunctionReturnType,
  PublicAction,
  PublicMutation,
  PublicQuery,
} from "../functions/reference.ts";
import { keyOf, pathFrom } from "./calls/named-call.ts";
import type { OptimisticUpdate } from "./calls/optimistic-update.ts";
import { type ClientOptions, configuredClient } from "./client-options.ts";
import { type ConnectionState, ConnectionStatus } from "./connection-status.ts";
import { LOADING } from "./queries/answer.ts";
import type { QueryResult, Result } from "./queries/query-result.ts";
import { ResultRecord } from "./result-record.ts";
import { SyncClient } from "./sync-client.ts";

/** The arguments of a function that is named by its path. */
export type UntypedArgs = Record<string, unknown>;

/** One query of `watchQueries` with its arguments: typed for a reference, untyped for a path. */
export type WatchRequest<Query> = Query extends PublicQuery
  ? { query: Query; args?: FunctionArgs<Query> }
  : { query: Query; args?: UntypedArgs };
/** The result of one query of `watchQueries`. */
export type WatchResult<Query> = Query extends PublicQuery ? QueryResult<Query> : Result<unknown>;

/**
 * The client without React, in a browser or in Node; the hooks are made on it. It connects when something is first watched
 * or called, reconnects by itself, and runs mutations in the order of the calls.
 *
 * A function is named by its reference, which gives the types, or by its path (`"messages:listByChannel"`), which gives
 * none. Calls reject with a `FunctionError`.
 *
 * @example
 * const client = new ConvexClient("http://localhost:3000");
 * const stop = client.watchQuery(api.messages.listByChannel, { channel: "general" }, ({ data }) => console.log(data));
 */
export class ConvexClient {
  /** @internal The untyped client that the hooks are made on. Not for applications: it may change with any release. */
  readonly sync: SyncClient;
  readonly #status: ConnectionStatus;

  /**
   * @param url The server's URL, such as `https://example.com`, or a path on the page's origin. Default: that origin.
   * @param options Default: none.
   */
  constructor(url?: string, options?: ClientOptions);
  /** @internal The client of a provider, as an application holds it. */
  constructor(sync: SyncClient);
  constructor(site?: string | SyncClient, options: ClientOptions = {}) {
    this.sync = site instanceof SyncClient ? site : configuredClient(site, options);
    this.#status = new ConnectionStatus(this.sync);
  }

  /**
   * Calls back with each new result, and at once if one is known. Keeps the query live until stopped.
   *
   * @param query A reference, or a path.
   * @param args The query's arguments.
   * @param callback Gets the result: `data`, `isLoading` and `error`.
   * @returns a function that stops it.
   * @throws when no socket can be made: there is no `WebSocket`, or no URL.
   *
   * @example const stop = client.watchQuery(api.messages.list, { channel }, ({ data, error }) => render(data, error));
   */
  watchQuery<Query extends PublicQuery>(
    query: Query,
    args: FunctionArgs<Query>,
    callback: (result: QueryResult<Query>) => void,
  ): Cancel;
  watchQuery(query: string, args: UntypedArgs, callback: (result: Result<unknown>) => void): Cancel;
  watchQuery(query: unknown, args: UntypedArgs, callback: (result: Result<unknown>) => void): Cancel {
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
   * Calls back once for each update that changes any of these results, with all of them, of one committed state; at once if
   * any is known. Keeps the queries live until stopped.
   *
   * @param requests The queries with their arguments, each under a name.
   * @param callback Gets the result of each query under its name.
   * @returns a function that stops it.
   * @throws when no socket can be made: there is no `WebSocket`, or no URL.
   *
   * @example
   * const stop = client.watchQueries(
   *   { channel: { query: api.channels.get, args: { id } }, members: { query: api.members.list, args: { channel: id } } },
   *   ({ channel, members }) => render(channel.data, members.data),
   * );
   */
  watchQueries<Queries extends Record<string, PublicQuery | string>>(
    requests: { [Name in keyof Queries]: WatchRequest<Queries[Name]> },
    callback: (results: { [Name in keyof Queries]: WatchResult<Queries[Name]> }) => void,
  ): Cancel {
    const keys = Object.entries<WatchRequest<unknown>>(requests).map(
      ([name, { query, args }]) => [name, keyOf(query, args)] as const,
    );
    const record = new ResultRecord(this.sync, keys);
    const tell = () => callback(record.results() as never);
    const stop = record.watch(tell);
    if (Object.values(record.results()).some((result) => !result.isLoading)) tell();
    return stop;
  }

  /**
   * Runs a query once and waits for the server's result, also while there is no connection.
   *
   * @param query A reference, or a path.
   * @param args The query's arguments.
   * @returns the result.
   * @throws {FunctionError} the error that the query failed with, or an `UnavailableError` when the client is closed.
   *
   * @example const messages = await client.query(api.messages.list, { channel: "general" });
   */
  query<Query extends PublicQuery>(query: Query, args: FunctionArgs<Query>): Promise<FunctionReturnType<Query>>;
  query(query: string, args?: UntypedArgs): Promise<unknown>;
  async query(query: unknown, args?: UntypedArgs): Promise<unknown> {
    const key = keyOf(query, args);
    await this.sync.answered(key);
    const result = this.sync.serverResult(key);
    if (result?.error) throw result.error;
    return result?.data;
  }

  /**
   * Runs a mutation, after the mutations that were called before. Waits while there is no connection.
   *
   * @param mutation A reference, or a path.
   * @param args The mutation's arguments.
   * @param options `optimisticUpdate` shows at once what the mutation will probably do.
   * @returns its result, once the queries that this client watches show its writes.
   * @throws {FunctionError} the error that it failed with: its optimistic update is reverted by then. An
   *   `UnavailableError` when it was not sent, or when its outcome cannot be known.
   *
   * @example await client.mutation(api.messages.send, { channel: "general", text: "Hello" });
   */
  mutation<Mutation extends PublicMutation>(
    mutation: Mutation,
    args: FunctionArgs<Mutation>,
    options?: { optimisticUpdate?: OptimisticUpdate<FunctionArgs<Mutation>> },
  ): Promise<FunctionReturnType<Mutation>>;
  mutation(
    mutation: string,
    args?: UntypedArgs,
    options?: { optimisticUpdate?: OptimisticUpdate<UntypedArgs> },
  ): Promise<unknown>;
  async mutation(
    mutation: unknown,
    args?: UntypedArgs,
    options?: { optimisticUpdate?: OptimisticUpdate<never> },
  ): Promise<unknown> {
    return this.sync.call("Mutate", pathFrom(mutation), args, options?.optimisticUpdate);
  }

  /**
   * Runs an action. It is sent at most once; it waits while there is no connection.
   *
   * @param action A reference, or a path.
   * @param args The action's arguments.
   * @returns its result.
   * @throws {FunctionError} the error that it failed with; an `UnavailableError` also when the connection was lost before
   *   the outcome arrived.
   *
   * @example const text = await client.action(api.messages.translate, { id });
   */
  action<Action extends PublicAction>(action: Action, args: FunctionArgs<Action>): Promise<FunctionReturnType<Action>>;
  action(action: string, args?: UntypedArgs): Promise<unknown>;
  async action(action: unknown, args?: UntypedArgs): Promise<unknown> {
    return this.sync.call("Act", pathFrom(action), args);
  }

  /** The state of the connection. @returns the same object until it changes. */
  connectionState(): ConnectionState {
    return this.#status.state();
  }

  /**
   * Calls back whenever `connectionState()` returns another object.
   *
   * @param listener Called after the change.
   * @returns a function that stops it.
   *
   * @example const stop = client.subscribeToConnectionState(() => render(client.connectionState()));
   */
  subscribeToConnectionState(listener: () => void): Cancel {
    return this.#status.subscribe(listener);
  }

  /** Call it after sign-in or sign-out: connects again, so that the server identifies the caller anew. */
  refreshIdentity(): void {
    this.sync.reconnect();
  }

  /** Disconnects for good. Calls that have not ended reject with an `UnavailableError`. */
  async close(): Promise<void> {
    this.sync.close();
  }
}
