import type { Log } from "../../lib/environment/environment.ts";

/** Nothing fails in a bench: figures of a server that does would mean nothing. */
export const log: Log = {
  info() {},
  warn: console.error,
  error(message, about) {
    console.error(message, about);
    process.exit(1);
  },
};

/** What the load generator may ask a server under test, besides what any client may. */
export type Handlers = Record<string, (params: never) => unknown>;

export interface Question {
  id: number;
  ask: string;
  params: unknown;
}

export type Reply = { id: number; value: unknown } | { id: number; failed: string };

/** Answers the load generator's questions over the process's own channel, and ends with the load generator. */
export function answerControl(handlers: Handlers): void {
  process.on("message", async ({ id, ask, params }: Question) => {
    try {
      const value = await (handlers[ask] as (params: unknown) => unknown)(params);
      process.send?.({ id, value } satisfies Reply);
    } catch (error) {
      process.send?.({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Says that questions and sockets are welcome. */
export function announcePort(port: number): void {
  process.send?.({ port });
}
