import type { Log } from "../../lib/environment/environment.ts";

/** Ends the process on an error, because the figures of a failing server mean nothing. */
export const log: Log = {
  info() {},
  warn: console.error,
  error(message, about) {
    console.error(message, about);
    process.exit(1);
  },
};

/** The requests of the load generator to a server under test, beside those of clients. */
export type Handlers = Record<string, (params: never) => unknown>;

export interface Question {
  id: number;
  ask: string;
  params: unknown;
}

export type Reply = { id: number; value: unknown } | { id: number; failed: string };

/** Answers the load generator's requests over the IPC channel. The process ends with the load generator. */
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

/** Tells the load generator that the server accepts requests and sockets. */
export function announcePort(port: number): void {
  process.send?.({ port });
}
