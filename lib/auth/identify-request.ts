import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseCookie } from "cookie";
import type { FunctionReference, FunctionReturnType, OptionalArgs } from "../functions/reference.ts";

/** The request of which `identify` decides who sent it. */
export interface IdentifyRequest {
  /** Its headers: for a socket those of the upgrade; for a server component those of the page's request. */
  readonly headers: Headers;
  /**
   * Its cookies: the decoded value of each name. In a server action they are as the action has set them. Of several with
   * one name the first counts, which browsers send for the longest path.
   */
  readonly cookies: ReadonlyMap<string, string>;
  /**
   * Runs a query, public or internal, to find out who is calling: in a snapshot of its own that holds every commit before
   * the call. Inside it the caller is anonymous, and its result is not kept for others.
   * @param query A reference to the query, such as `internal.users.bySession`.
   * @returns a promise of its result.
   * @throws what the query throws, and an error when it takes longer than 5 seconds. `identify` should not catch these: a
   *   person who is signed in would become anonymous.
   * @example const user = await runQuery(internal.users.bySession, { token });
   */
  runQuery<Query extends FunctionReference<"query">>(
    query: Query,
    ...args: OptionalArgs<Query>
  ): Promise<FunctionReturnType<Query>>;
}

/** Runs queries of `identify`: `Engine.queryFresh`. */
export type FreshQuery = (query: unknown, args?: Record<string, unknown>) => Promise<unknown>;

/** What a request is known by. Its `Headers` are made on first use, because not every `identify` reads them. */
export interface KnownRequest {
  readonly headers: Headers;
}

/** A request of Node's HTTP server. */
export class NodeRequest implements KnownRequest {
  readonly #incoming: IncomingMessage;
  #headers: Headers | undefined;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get headers(): Headers {
    this.#headers ??= toHeaders(this.#incoming.headers);
    return this.#headers;
  }
}

/** What `identify` is given. What it does not read is not made. */
export class AskedRequest implements IdentifyRequest {
  readonly #request: KnownRequest;
  readonly #queryFresh: FreshQuery;
  #cookies: ReadonlyMap<string, string> | undefined;

  constructor(request: KnownRequest, queryFresh: FreshQuery) {
    this.#request = request;
    this.#queryFresh = queryFresh;
  }

  get headers(): Headers {
    return this.#request.headers;
  }

  get cookies(): ReadonlyMap<string, string> {
    this.#cookies ??= toCookies(this.headers.get("cookie"));
    return this.#cookies;
  }

  get runQuery(): IdentifyRequest["runQuery"] {
    return async (query, ...[args]) => (await this.#queryFresh(query, args)) as never;
  }
}

function toCookies(header: string | null): ReadonlyMap<string, string> {
  if (header === null) return new Map();
  const entries = Object.entries(parseCookie(header));
  return new Map(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) headers.append(name, each);
  }
  return headers;
}
