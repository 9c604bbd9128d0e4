import { getTableName } from "drizzle-orm";

type Kind = "insert" | "update" | "delete";
/** What Drizzle returns for a statement, or for the beginning of one: it is sent when it is awaited. */
type Builder = Record<string, unknown>;
type Method = (...args: unknown[]) => unknown;

/** By these a builder makes its statement: an `await`, and a call of `execute`, end in one of them. */
const MAKES = ["_prepare", "prepare", "getSQL"];
/** By these the beginning of a statement becomes the statement. */
const COMPLETES = ["values", "select", "set"];

/**
 * Development: finds writes of a mutation that it has built and not awaited. Drizzle sends a statement only when it is
 * awaited, so such a mutation succeeds and has written nothing.
 */
export class UnawaitedWrites {
  readonly #open = new Map<Builder, string>();

  /** The same database, whose writes are watched. */
  watch<Db>(db: Db): Db {
    if (typeof db !== "object" || db === null) return db;
    const watched = Object.create(db);
    for (const kind of ["insert", "update", "delete"] as const) {
      const begin = (db as unknown as Record<Kind, Method>)[kind];
      if (typeof begin !== "function") continue;
      watched[kind] = (table: never) => {
        const builder = begin.call(db, table) as Builder;
        const statement = `db.${kind}(${getTableName(table)})`;
        if (kind === "delete") this.#watch(builder, statement);
        else this.#watchCompletion(builder, statement);
        return builder;
      };
    }
    return watched;
  }

  /** Those that are not awaited, such as `db.insert(messages)`. */
  get statements(): string[] {
    return [...this.#open.values()];
  }

  #watchCompletion(builder: Builder, statement: string): void {
    override(builder, COMPLETES, (completed) => this.#watch(completed as Builder, statement));
  }

  #watch(builder: Builder, statement: string): void {
    this.#open.set(builder, statement);
    override(builder, MAKES, () => this.#open.delete(builder));
  }
}

/** Calls `after` with the result of each of these methods that the object has. */
function override(object: Builder, names: readonly string[], after: (result: unknown) => void): void {
  for (const name of names) {
    const method = object[name];
    if (typeof method !== "function") continue;
    object[name] = (...args: unknown[]) => {
      const result = method.apply(object, args);
      after(result);
      return result;
    };
  }
}
