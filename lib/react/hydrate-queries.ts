import type { ReactNode } from "react";
import type { PreloadedAnswer } from "../protocol/preloaded.ts";

export interface HydrateQueriesProps {
  /** What `preloadQuery` returned, for any number of queries. */
  preloaded: readonly PreloadedAnswer[];
  children?: ReactNode;
}

/** Any client component below calls `useQuery` as usual and finds these answers already there, on its first render. */
export declare function HydrateQueries(props: HydrateQueriesProps): ReactNode;
