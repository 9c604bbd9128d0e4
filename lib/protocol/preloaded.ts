import type { AnyFunction } from "../functions/reference.ts";
import type { Wire } from "../values/wire.ts";

declare const query: unique symbol;

/**
 * An answer on its way from the server's render to the browser. Opaque to the author: pass it as a prop to a client
 * component and read it with `usePreloadedQuery`.
 */
export interface Preloaded<Query extends AnyFunction<"query">> extends PreloadedAnswer {
  /** Types only: which query this answers. */
  readonly [query]?: Query;
}

/** Plain JSON, so that it travels as props of a client component. */
export interface PreloadedAnswer {
  readonly path: string;
  /** The arguments as the author gave them, in wire form. */
  readonly args: Record<string, Wire>;
  /** The answer's wire text: the same text that subscribers get. */
  readonly text: string;
  readonly hash: string;
  /** The engine's start and its revision that this answer was valid at. */
  readonly epoch: string;
  readonly at: number;
  /** A fingerprint of the identity it was computed for; null for nobody. */
  readonly identity: string | null;
}
