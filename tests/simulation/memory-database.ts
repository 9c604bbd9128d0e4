/** The database lost this transaction against another. */
export class ConflictError extends Error {
  override name = "ConflictError";
}

type Row = unknown;
export type Rows = ReadonlyMap<string, Row>;

/**
 * A table of rows by key, with transactions as PostgreSQL has them: a read is one snapshot, a write is serializable and
 * loses with a `ConflictError`, and the rows of a COMMIT that is under way are locked until it is decided.
 */
export class MemoryDatabase {
  rows: Rows = new Map();
  /** Told of each commit, in order. */
  onCommit: (rows: Rows, changed: readonly string[]) => void = () => {};
  readonly #commits: { readonly keys: readonly string[] }[] = [];
  /** Commits that were asked for and are not decided yet, with what waits for their locks. */
  readonly #inDoubt = new Set<{ keys: ReadonlySet<string>; decided: Promise<void>; decide: () => void }>();

  begin(mode: "read" | "write"): Transaction {
    return new Transaction(this, mode);
  }

  get version(): number {
    return this.#commits.length;
  }

  /** Which keys have been written since. */
  *keysSince(version: number): Iterable<string> {
    for (let i = version; i < this.#commits.length; i++) yield* this.#commits[i]?.keys ?? [];
  }

  apply(writes: ReadonlyMap<string, Row | undefined>): void {
    const rows = new Map(this.rows);
    for (const [key, row] of writes) {
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    const keys = [...writes.keys()];
    this.rows = rows;
    this.#commits.push({ keys });
    this.onCommit(rows, keys);
  }

  /** Resolves when no commit in doubt holds a lock on this key. */
  async unlocked(key: string): Promise<void> {
    for (const commit of this.#inDoubt) if (commit.keys.has(key)) await commit.decided;
  }

  /** A commit that is under way holds the locks of its keys until the returned function is called, which commits. */
  holdInDoubt(keys: Iterable<string>, commit: () => void): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const decide = () => {
      if (this.#inDoubt.delete(held)) commit();
      resolve();
    };
    const held = { keys: new Set(keys), decided: promise, decide };
    this.#inDoubt.add(held);
    return decide;
  }

  /** Decides every commit in doubt. */
  decideAll(): void {
    for (const { decide } of [...this.#inDoubt]) decide();
  }
}

/** One transaction. Its snapshot is taken by `takeSnapshot`, or by its first statement. */
export class Transaction {
  readonly #database: MemoryDatabase;
  readonly #mode: "read" | "write";
  #snapshot: Rows | undefined;
  #version = 0;
  readonly #read = new Set<string>();
  readonly #scanned = new Set<string>();
  #writes = new Map<string, Row | undefined>();
  #isOver = false;

  constructor(database: MemoryDatabase, mode: "read" | "write") {
    this.#database = database;
    this.#mode = mode;
  }

  takeSnapshot(): Rows {
    if (this.#isOver) throw new Error("The transaction is over.");
    if (!this.#snapshot) {
      this.#snapshot = this.#database.rows;
      this.#version = this.#database.version;
    }
    return this.#snapshot;
  }

  get(key: string): Row | undefined {
    const snapshot = this.takeSnapshot();
    this.#read.add(key);
    return this.#writes.has(key) ? this.#writes.get(key) : snapshot.get(key);
  }

  scan(prefix: string): Row[] {
    const snapshot = this.takeSnapshot();
    this.#scanned.add(prefix);
    const rows = new Map([...snapshot].filter(([key]) => key.startsWith(prefix)));
    for (const [key, row] of this.#writes) {
      if (!key.startsWith(prefix)) continue;
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    return [...rows.values()];
  }

  put(key: string, row: Row | undefined): void {
    this.takeSnapshot();
    if (this.#mode === "read") throw new Error("cannot execute a write in a read-only transaction");
    this.#writes.set(key, row);
  }

  /** Waits for the lock of a row that is there, as `for update` and `update` do; then the row must be as it was. */
  async lock(key: string): Promise<void> {
    if (!this.takeSnapshot().has(key)) return;
    await this.#database.unlocked(key);
    this.#mustBeUnchanged(key);
  }

  /** Waits for a transaction that is about to insert this key, as `insert … on conflict` does. */
  async lockForInsert(key: string): Promise<void> {
    this.takeSnapshot();
    await this.#database.unlocked(key);
    this.#mustBeUnchanged(key);
  }

  /** What a savepoint has to put back. */
  savepoint(): () => void {
    const before = new Map(this.#writes);
    return () => {
      this.#writes = before;
    };
  }

  /** Applies the writes in one step. @throws {ConflictError} */
  commit(): void {
    this.takeSnapshot();
    this.#isOver = true;
    for (const key of this.#database.keysSince(this.#version)) {
      if (this.#mode === "write" && this.#concerns(key)) throw new ConflictError(`${key} was changed by another`);
    }
    if (this.#writes.size > 0) this.#database.apply(this.#writes);
  }

  /** Commits when the returned function is called, or the database decides; it may still lose. */
  holdInDoubt(): () => void {
    return this.#database.holdInDoubt(this.#writes.keys(), () => this.#commitIfItMay());
  }

  /** Its COMMIT has not arrived yet: it holds no locks but those it began with, and may still lose. */
  stayUnderWay(locks: readonly string[]): () => void {
    return this.#database.holdInDoubt(locks, () => this.#commitIfItMay());
  }

  rollback(): void {
    this.#isOver = true;
  }

  #commitIfItMay(): void {
    try {
      this.commit();
    } catch {
      // It lost a conflict: none of its writes is applied.
    }
  }

  #mustBeUnchanged(key: string): void {
    for (const changed of this.#database.keysSince(this.#version)) {
      if (changed === key) throw new ConflictError(`${key} was changed by another`);
    }
  }

  #concerns(key: string): boolean {
    if (this.#read.has(key) || this.#writes.has(key)) return true;
    for (const prefix of this.#scanned) if (key.startsWith(prefix)) return true;
    return false;
  }
}
