import { useLayoutEffect, useRef } from "react";
import { consoleLog } from "../client/console-log.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type { QueryKey } from "../functions/query-key.ts";

/** What a component has rendered and shows. */
interface Committed {
  readonly key: QueryKey | null;
  readonly isLoading: boolean;
}

/**
 * Development: tells of a query that loads for ever because its arguments differ on every render. The answer to what the
 * component asks for renders it, and it asks for something else. To React nothing has changed by that, as the one result
 * and the other are loading: the component stays as it is.
 * @param isLoading Has the query with this key no result to show?
 */
export function useStableArguments(client: SyncClient, key: QueryKey | null, isLoading: boolean): void {
  const committed = useRef<Committed>({ key, isLoading });
  const hasTold = useRef(false);
  const before = committed.current;
  const isAnswered = () => before.key !== null && !client.result(before.key).isLoading;
  if (isLoading && before.isLoading && before.key !== key && isAnswered()) {
    queueMicrotask(() => {
      if (committed.current !== before || hasTold.current) return;
      hasTold.current = true;
      consoleLog.warn(sentence(before.key as string, key as string));
    });
  }
  useLayoutEffect(() => {
    committed.current = { key, isLoading };
  }, [key, isLoading]);
}

function sentence(before: string, now: string): string {
  const brace = now.indexOf("{");
  return (
    `useQuery of ${now.slice(0, brace)} loads for ever: its arguments differ on every render, so that no answer is to what ` +
    `it asks for. They were ${before.slice(before.indexOf("{"))} and are ${now.slice(brace)}. ` +
    "Make a value such as the present time once, with useState, or leave it out."
  );
}
