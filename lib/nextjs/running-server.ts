import { cookies, headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { connection } from "next/server";
import { cache } from "react";
import { findRuntime, type Runtime } from "../node/runtime/runtime.ts";
import { cookieHeader } from "./cookie-header.ts";

/**
 * The engine, and the headers of the current request, from which `identify` finds the caller. They include the cookies
 * that a server action has set or deleted, as the browser will send them with its next request.
 */
export interface RunningServer {
  runtime: Runtime;
  headers: Headers;
}

/**
 * Finds the engine that `server.ts` started in this process. Makes Next render the page for each request.
 * @param caller The name of the calling function, for the message.
 * @throws when there is none, with the reason and the remedy.
 */
export async function runningServer(caller: string): Promise<RunningServer> {
  try {
    const request = await currentRequest();
    const runtime = findRuntime();
    if (runtime) return { runtime, headers: request };
  } catch (error) {
    // Next throws errors of its own to stop a static render; those must reach it.
    unstable_rethrow(error);
    if (error instanceof Error && error.message.includes("inside `after()`")) {
      throw new Error(`${caller}: ${IN_AFTER}`, { cause: error });
    }
    if (findRuntime()) throw error;
    throw new Error(`${caller}: ${whyNotRunning()}`, { cause: error });
  }
  throw new Error(`${caller}: ${whyNotRunning()}`);
}

const IN_AFTER =
  "the request of a page cannot be read inside `after()`, and with it who is calling. Begin the call before, as in " +
  "`const sent = fetchMutation(…); after(() => sent)`, or call it in a server action or a route handler.";

/**
 * One promise for each render, so that preloads that start in one tick also continue in one tick and share a snapshot.
 * While a server action or a route handler runs, React caches nothing: the cookies are read at each call, because they may
 * have changed.
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
      "`next build` runs no server that could answer. Call it while a request is answered: in the page itself " +
      '(without `dynamic = "force-static"`), not in generateStaticParams or `use cache`.'
    );
  }
  return (
    "there is no convex-lite server in this process. Start the app with `convex-lite dev` (or `node server.ts`) instead " +
    "of `next dev` or `next start`. Do not call it in generateStaticParams, which Next runs in another process."
  );
}
