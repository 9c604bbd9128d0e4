import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import type { PlannerReply, PlannerRequest, SchemaPlan } from "./schema-planner-child.ts";

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

/** Runs one of drizzle-kit's questions to the database. */
export type RunQuery = (sql: string) => Promise<unknown[]>;

/** Asks drizzle-kit, in a process of its own that stays for the next time: the first time takes a second, others little. */
export class SchemaPlanner {
  #child: ChildProcess | undefined;
  /** The last that the process wrote before it ended, if it did. */
  #complaint = "";
  /** Settles when the plan before is done: one at a time. */
  #before: Promise<unknown> = Promise.resolve();

  /**
   * What would bring the database in line with the schema.
   * @param schemaPath The absolute path of `convex/schema.ts`; read anew each time.
   * @throws {UnplannedError}
   */
  plan(schemaPath: string, run: RunQuery): Promise<SchemaPlan> {
    const plan = this.#before.then(() => this.#plan(schemaPath, run));
    this.#before = plan.catch(() => {});
    return plan;
  }

  /** Ends the process. A later plan starts another. */
  close(): void {
    this.#child?.kill();
    this.#child = undefined;
  }

  #plan(schemaPath: string, run: RunQuery): Promise<SchemaPlan> {
    const child = this.#running();
    const tell = (request: PlannerRequest): void => void (child.connected && child.send(request));
    return new Promise<SchemaPlan>((resolve, reject) => {
      const onMessage = (reply: PlannerReply): void => {
        if (reply.type === "query") void answer(reply.query, reply.sql);
        else
          end(() =>
            reply.type === "planned" ? resolve(reply) : reject(new UnplannedError(reply.message, reply.needsAnswer)),
          );
      };
      const answer = (query: number, sql: string): Promise<void> =>
        run(sql).then(
          (rows) => tell({ type: "rows", query, rows }),
          (error: Error) => tell({ type: "failed", query, message: error.message }),
        );
      const onExit = (): void =>
        end(() => reject(new UnplannedError("the process that runs drizzle-kit ended", false)));
      const end = (settle: () => void): void => {
        child.off("message", onMessage).off("exit", onExit).off("error", onExit);
        settle();
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onExit);
      tell({ type: "plan", schemaPath });
    });
  }

  #running(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    const file = new URL(`./schema-planner-child${extname(import.meta.url)}`, import.meta.url);
    // No terminal, so that drizzle-kit fails where it would ask.
    this.#child = fork(file, { stdio: ["ignore", "ignore", "pipe", "ipc"], serialization: "advanced", execArgv: [] });
    this.#complaint = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2_000);
    });
    return this.#child;
  }
}
