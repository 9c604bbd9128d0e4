import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import type { Dialect } from "../../database/driver/driver.ts";
import type { DrizzleKitReply, DrizzleKitRequest, SchemaRead } from "./drizzle-kit-child.ts";
import type { SchemaSnapshot } from "./snapshot.ts";

/** drizzle-kit could not say what to do. */
export class UnplannedError extends Error {
  override name = "UnplannedError";
  /** It would have asked a person whether something was renamed. */
  readonly needsAnswer: boolean;

  constructor(message: string, needsAnswer: boolean) {
    super(message);
    this.needsAnswer = needsAnswer;
  }
}

/** Asks drizzle-kit, in a process of its own that stays for the next time: the first time takes a second, others little. */
export class DrizzleKitProcess {
  #child: ChildProcess | undefined;
  /** Settles when the question before is answered: one at a time. */
  #before: Promise<unknown> = Promise.resolve();

  /**
   * What a schema says.
   * @param schemaPath The absolute path of `convex/schema.ts`; read anew each time.
   * @throws {UnplannedError} when it does not load.
   */
  async read(schemaPath: string): Promise<SchemaRead> {
    const reply = await this.#ask({ type: "read", schemaPath });
    if (reply.type === "schema") return reply;
    throw new UnplannedError("drizzle-kit gave another answer", false);
  }

  /**
   * The statements that make one schema of the other, in order. Whether they lose data was not looked at.
   * @throws {UnplannedError}
   */
  async plan(dialect: Dialect, from: SchemaSnapshot, to: SchemaSnapshot): Promise<string[]> {
    const reply = await this.#ask({ type: "plan", dialect, from, to });
    if (reply.type === "planned") return reply.statements;
    throw new UnplannedError("drizzle-kit gave another answer", false);
  }

  /** Ends the process. A later question starts another. */
  close(): void {
    this.#child?.kill();
    this.#child = undefined;
  }

  #ask(request: DrizzleKitRequest): Promise<DrizzleKitReply> {
    const answer = this.#before.then(() => this.#askNow(request));
    this.#before = answer.catch(() => {});
    return answer;
  }

  #askNow(request: DrizzleKitRequest): Promise<DrizzleKitReply> {
    const child = this.#running();
    return new Promise<DrizzleKitReply>((resolve, reject) => {
      const onMessage = (reply: DrizzleKitReply): void =>
        end(() =>
          reply.type === "unplanned" ? reject(new UnplannedError(reply.message, reply.needsAnswer)) : resolve(reply),
        );
      const onExit = (): void =>
        end(() => reject(new UnplannedError("the process that runs drizzle-kit ended", false)));
      const end = (settle: () => void): void => {
        child.off("message", onMessage).off("exit", onExit).off("error", onExit);
        settle();
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onExit);
      if (child.connected) child.send(request);
    });
  }

  #running(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    const file = new URL(`./drizzle-kit-child${extname(import.meta.url)}`, import.meta.url);
    // No terminal, so that drizzle-kit fails where it would ask.
    this.#child = fork(file, { stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced", execArgv: [] });
    return this.#child;
  }
}
