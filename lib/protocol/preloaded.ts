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

/** Plain JSON, so that it can be a prop of a client component. */
export interface PreloadedAnswer {
  readonly path: string;
  /** The arguments as the author gave them, in wire form. */
  readonly args: Record<string, Wire>;
  /** The answer's wire text, as subscribers get it. */
  readonly text: string;
  readonly hash: string;
  /** The start of the engine, and the revision of it at which the answer was valid. */
  readonly epoch: string;
  readonly at: number;
  /** A fingerprint of the identity that it was computed for; null for an anonymous caller. */
  readonly identity: string | null;
}
