import { cookies, headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { connection } from "next/server";
import { cache } from "react";
import type { Identity } from "../functions/context.ts";
import { findRuntime, type Runtime } from "../node/runtime/runtime.ts";
import { toFunctionError } from "../protocol/function-error.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { cookieHeader } from "./cookie-header.ts";

/** The engine, and who sent the current request. */
export interface RunningServer {
  readonly runtime: Runtime;
  /** Null: anonymous. */
  readonly caller: Identity | null;
}

/**
 * Finds the engine that `server.ts` started in this process, and asks it who sent the current request. Makes Next render the
 * page for each request.
 * @param by The name of the calling function, for the message.
 * @throws when there is none, with the reason and the remedy, and when `identify` fails.
 */
export async function runningServer(by: string): Promise<RunningServer> {
  const runtime = findRuntime();
  const identified = await identifiedBy(by);
  if (!runtime || !identified) throw new Error(`${by}: ${whyNotRunning()}`);
  if (!identified.ok) throw toFunctionError(identified.error);
  return { runtime, caller: identified.value };
}

async function identifiedBy(by: string): Promise<Outcome<Identity | null> | undefined> {
  try {
    return await currentCaller();
  } catch (error) {
    // Next throws errors of its own to stop a static render; those must reach it.
    unstable_rethrow(error);
    if (error instanceof Error && error.message.includes("inside `after()`")) {
      throw new Error(`${by}: ${IN_AFTER}`, { cause: error });
    }
    if (findRuntime()) throw error;
    throw new Error(`${by}: ${whyNotRunning()}`, { cause: error });
  }
}

const IN_AFTER =
  "the request of a page cannot be read inside `after()`, and with it who is calling. Begin the call before, as in " +
  "`const sent = fetchMutation(…); after(() => sent)`, or call it in a server action or a route handler.";

/**
 * Who sent the current request. One promise for each render, so that all of a page is rendered for one person, and preloads
 * that start in one tick also continue in one tick and share a snapshot. While a server action or a route handler runs, React
 * caches nothing: `identify` is asked at each call, because the cookies or the session may have changed.
 */
const currentCaller = cache(async (): Promise<Outcome<Identity | null> | undefined> => {
  const headers = await currentHeaders();
  return findRuntime()?.identify(headers);
});

/** The headers of the current request, with the cookies that a server action has set or deleted. */
async function currentHeaders(): Promise<Headers> {
  await connection();
  const [sent, current] = await Promise.all([headers(), cookies()]);
  const request = new Headers(sent);
  const cookie = cookieHeader(request.get("cookie") ?? "", current.getAll());
  if (cookie === "") request.delete("cookie");
  else request.set("cookie", cookie);
  return request;
}

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
