import { cookies, headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { connection } from "next/server";
import { cache } from "react";
import { findRuntime, type Runtime } from "../node/runtime/runtime.ts";
import { cookieHeader } from "./cookie-header.ts";

/**
 * The engine that answers this request, and the request's headers, which tell who is calling: with the cookies that a
 * server action has set or deleted, as the browser would send them from then on.
 */
export interface RunningServer {
  runtime: Runtime;
  headers: Headers;
}

/**
 * Finds the engine that `server.ts` started in this process. Marks the page as one that is rendered on request.
 * @param asker The function that needs it, for the message.
 * @throws where there is none, with the reason and the remedy.
 */
export async function runningServer(asker: string): Promise<RunningServer> {
  try {
    const request = await currentRequest();
    const runtime = findRuntime();
    if (runtime) return { runtime, headers: request };
  } catch (error) {
    // Next's own way of saying "not now, render this on request".
    unstable_rethrow(error);
    if (findRuntime()) throw error;
    throw new Error(`${asker}: ${whyNotRunning()}`, { cause: error });
  }
  throw new Error(`${asker}: ${whyNotRunning()}`);
}

/**
 * One promise for each render, so that what was started in one tick also goes on in one tick. React keeps none while a
 * server action or a route handler runs: there the cookies are read anew each time, as they may have changed.
 */
const currentRequest = cache(async (): Promise<Headers> => {
  await connection();
  const [sent, current] = await Promise.all([headers(), cookies()]);
  const request = new Headers(sent);
  const cookie = cookieHeader(request.get("cookie") ?? "", current.getAll());
  if (cookie === "") request.delete("cookie");
  else request.set("cookie", cookie);
  return request;
});

function whyNotRunning(): string {
  if (process.env.NEXT_RUNTIME === "edge") {
    return 'the edge runtime has no database and no live queries. Remove `export const runtime = "edge"` from this route.';
  }
  if (process.env.NEXT_PHASE === "phase-production-build") {
    return (
      "`next build` runs no server, so there is nothing to ask. Call it where a request is answered: in the page itself " +
      '(without `dynamic = "force-static"`), not in generateStaticParams or `use cache`.'
    );
  }
  return (
    "there is no convex-lite server in this process. Start the app with `convex-lite dev` (or `node server.ts`) instead " +
    "of `next dev` or `next start`; and do not call it in generateStaticParams, which Next runs in a process of its own."
  );
}
