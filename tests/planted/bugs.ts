/** A mistake that somebody could make, and the test that must notice. */
export interface PlantedBug {
  name: string;
  /** What to replace in which file, below the root of the project; each text stands there exactly once. */
  edits: readonly { file: string; from: string; to: string }[];
  /** The simulation within so many seeds (of people who sign in and out, if they `change`), or a test of vitest. */
  caughtBy: { seeds: number; change?: true } | { file: string; test: string };
}

const SYNC_CLIENT = "lib/client/sync-client.ts";
const TRANSACTIONS = "lib/engine/commits/transactions.ts";
const ANNOUNCE = `        this.#announce(++this.#revision, invalidations, write.by);
        write.committed(value, this.#revision);
`;

export const BUGS: readonly PlantedBug[] = [
  {
    name: "publish before commit",
    edits: [
      { file: TRANSACTIONS, from: ANNOUNCE, to: "" },
      {
        file: TRANSACTIONS,
        from: '      await this.#lock.hold("commit", async () => {\n        try {',
        to: `${ANNOUNCE}      await this.#lock.hold("commit", async () => {\n        try {`,
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "dropped invalidation",
    edits: [
      {
        file: TRANSACTIONS,
        from: "this.#announce(++this.#revision, invalidations, write.by);",
        to: "this.#announce(++this.#revision, invalidations.slice(1), write.by);",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a commit whose outcome was unknown announces nothing",
    edits: [
      {
        file: TRANSACTIONS,
        from: "          if (!(await this.#findOut(write))) throw error;\n",
        to: "          if (!(await this.#findOut(write))) throw error;\n          return;\n",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "acknowledge before commit",
    edits: [
      {
        file: "lib/engine/client-records/client-queue.ts",
        from: "      this.#running = next;\n",
        to: `      this.#running = next;\n      this.#spokesman?.decided(next.n, '{"ok":true,"value":null}');\n`,
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a result shared between identities",
    edits: [
      {
        file: "lib/engine/run/run.ts",
        from: "      this.#readsIdentity = true;\n",
        to: "      this.#readsIdentity = false;\n",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "what is resent runs again",
    edits: [
      {
        file: TRANSACTIONS,
        from: "connection.commit(deciding)))) throw new AlreadyDecidedError();",
        to: "connection.commit(deciding)))) await connection.commit();",
      },
      {
        file: "lib/engine/client-records/mutations.ts",
        from: "    if (number <= record.lastDecided) return this.#decidedBefore(record, number);\n",
        to: "",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "what is resent gets a new number",
    edits: [
      {
        file: "lib/client/calls/pending-calls.ts",
        from: "    call.request ??= ++this.#lastSent;",
        to: "    call.n = ++this.#lastSent;",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "an unknown COMMIT is decided by a plain select",
    edits: [{ file: "lib/engine/client-records/client-record.ts", from: "{forUpdate}`", to: '{""}`' }],
    caughtBy: { seeds: 600 },
  },
  {
    name: "a COMMIT that is on its way is not waited for",
    edits: [
      {
        file: TRANSACTIONS,
        from: 'connection.begin("write", write.lock));\n      begun();',
        to: 'connection.begin("write"));\n      begun();',
      },
    ],
    caughtBy: { seeds: 600 },
  },
  {
    name: "transitions out of order",
    edits: [
      {
        file: "lib/engine/connections/client-connection.ts",
        from: "    if (frame) this.#send(frame);\n",
        to: "    const { environment } = this.#parts;\n    if (frame) environment.after(environment.random() * 20, () => this.#send(frame));\n",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a torn transition: a client moves on although one of its queries does not",
    edits: [
      {
        file: "lib/engine/connections/client-connections.ts",
        from: "unsettled.size === 0 ? unsettled : connection.showing(unsettled)",
        to: "new Set<LiveQuery>()",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "unbounded queue to a client that does not read",
    edits: [
      {
        file: "lib/engine/connections/client-connection.ts",
        from: "    if (this.#backpressure.keepsUp(bufferedAmount)) return false;",
        to: "    if (bufferedAmount >= 0) return false;",
      },
    ],
    caughtBy: { seeds: 600 },
  },
  {
    name: "the revision is taken after the read",
    edits: [
      {
        file: TRANSACTIONS,
        from: "        begun(this.#revision);\n      });\n",
        to: '      });\n      await Promise.all(connections.map((connection) => connection.execute("select 1")));\n      begun(this.#revision);\n',
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "a snapshot is taken while a COMMIT is in flight",
    edits: [
      {
        file: "lib/engine/commits/snapshot-lock.ts",
        from: "(this.#inside === 0 || this.#group === group)",
        to: "true",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "reflected too early",
    edits: [
      {
        file: "lib/engine/connections/reflected-mutations.ts",
        from: "this.#committed.filter((c) => c.revision <= revision)",
        to: "this.#committed",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "the guess goes with the reply instead of the answer",
    edits: [
      {
        file: "lib/client/calls/pending-calls.ts",
        from: '    if (call.isReflected || call.type === "Act") this.#end(call);',
        to: "    this.#end(call);",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "reflected is believed while older answers are shown",
    edits: [
      {
        file: "lib/client/queries/server-answers.ts",
        from: 'some((query) => query.pinned && query.stage === "sent")',
        to: "some(() => false)",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "the hash is not compared on subscribe",
    edits: [
      {
        file: "lib/engine/connections/subscriptions.ts",
        from: "      changes.maps.push([subscription.query, live.id]);\n",
        to: "      changes.maps.push([subscription.query, live.id]);\n      if (subscription.hash !== undefined) continue;\n",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a patch is applied without a check",
    edits: [
      {
        file: "lib/client/queries/apply-patch.ts",
        from: "  if (after.text !== hash) throw new Error(UNFIT);\n",
        to: "",
      },
    ],
    caughtBy: { file: "lib/client/queries/apply-patch.test.ts", test: "is never taken" },
  },
  {
    name: "a lease outlives an invalidation",
    edits: [
      {
        file: "lib/engine/queries/live-queries.ts",
        from: "      live.leased = false;\n      this.dropIfIdle(live);\n",
        to: "      live.staleSince = Number.POSITIVE_INFINITY;\n",
      },
    ],
    caughtBy: { file: "lib/engine/queries/preload-leases.test.ts", test: "" },
  },
  {
    name: "what waits is sent as whoever has signed in",
    edits: [{ file: SYNC_CLIENT, from: '      this.#calls.drop("Somebody else is signed in now.");\n', to: "" }],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "answers stay when somebody else has signed in",
    edits: [{ file: SYNC_CLIENT, from: "      this.#answers.forget();\n", to: "" }],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "a client id is used on by another identity that has signed in",
    edits: [
      {
        file: SYNC_CLIENT,
        from: "    if (isMissed || wasBound) this.reconnect();\n",
        to: "    if (isMissed) this.reconnect();\n",
      },
    ],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "a client id is used by any identity that names it",
    edits: [
      {
        file: "lib/engine/connections/client-connection.ts",
        from: "message.identity !== undefined && message.identity !== this.caller.fingerprint;",
        to: "false;",
      },
    ],
    caughtBy: {
      file: "lib/engine/engine.test.ts",
      test: "mutations of a client id that belongs to another identity are not run",
    },
  },
];
