import type { FunctionKind } from "../../functions/reference.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { PreloadedAnswer } from "../../protocol/preloaded.ts";
import type { Wire } from "../../values/wire.ts";

/** What server components, server actions and route handlers use of the engine that `server.ts` started. */
export interface Runtime {
  /** Answers a query and keeps the answer for the browser that will subscribe to it. */
  preload(path: string, args: Record<string, unknown>, headers: Headers): Promise<Outcome<PreloadedAnswer>>;
  /** Runs one public function. */
  call(kind: FunctionKind, path: string, args: Record<string, unknown>, headers: Headers): Promise<Outcome<Wire>>;
}

/**
 * Where `server.ts` and the server components meet. Next bundles its own copies of every module, so nothing else is
 * shared between them: this symbol on `globalThis` is the only place.
 */
const meetingPoint = Symbol.for("convex-lite.runtime");

type Meeting = { [meetingPoint]?: Runtime };

/** Makes the engine reachable for server components. Called once by `server.ts`, before Next prepares. */
export function offerRuntime(runtime: Runtime): void {
  (globalThis as Meeting)[meetingPoint] = runtime;
}

/** The engine of this process; undefined where none runs (`next build`, `generateStaticParams`, edge). */
export function findRuntime(): Runtime | undefined {
  return (globalThis as Meeting)[meetingPoint];
}
