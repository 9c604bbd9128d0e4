import type { AnyFunction } from "../functions/reference.ts";
import type { Wire } from "../values/wire.ts";

declare const query: unique symbol;

/**
 * The answer of a query, rendered on the server for the browser. Its content is private: pass it as a prop to a client
 * component, and read it with `usePreloadedQuery`.
 */
export interface Preloaded<Query extends AnyFunction<"query">> extends PreloadedAnswer {
  /** For types only: the query that this answers. */
  readonly [query]?: Query;
}

/** The answer of a preloaded query: plain JSON, so that it can be a prop of a client component. */
export interface PreloadedAnswer {
  /** The query's path, such as `messages:list`. */
  readonly path: string;
  /** The arguments as the author gave them, in wire form. */
  readonly args: Record<string, Wire>;
  /** The answer's wire text, as subscribers get it. */
  readonly text: string;
  /** The token of `text`. */
  readonly token: string;
  /** Names the server's start; revisions are compared within one epoch only. */
  readonly epoch: string;
  /** The revision that the answer was valid at. */
  readonly at: number;
  /** The fingerprint of the identity for which it was computed; null for an anonymous caller. */
  readonly identity: string | null;
}
