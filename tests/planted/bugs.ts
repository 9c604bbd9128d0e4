import type { Edit } from "./edit.ts";

/** A mistake that could be made in the code, and the test that must fail with it. */
export interface PlantedBug {
  name: string;
  /** Applied in this order. */
  edits: readonly Edit[];
  /** The simulation within so many seeds (of people who sign in and out, if they `change`), or a test of vitest. */
  caughtBy: { seeds: number; change?: true } | { file: string; test: string };
}

const MESSAGE_RECEIVER = "lib/client/exchange/message-receiver.ts";
const TRANSACTIONS = "lib/engine/commits/transactions.ts";
const CONNECTION_MUTATIONS = "lib/engine/connections/connection-mutations.ts";
const SOCKET_WRITER = "lib/engine/sockets/socket-writer.ts";
const GREEDY_CLIENTS = "lib/engine/greedy-clients.test.ts";
const PENDING_CALLS = "lib/client/calls/pending-calls.ts";

export const BUGS: readonly PlantedBug[] = [
  {
    name: "publish before commit",
    edits: [
      {
        file: TRANSACTIONS,
        in: "#tryWrite",
        find: "await $hold($group, async () => { $commit; $announce; $tell; });",
        put: "$announce $tell await $hold($group, async () => { $commit });",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "dropped invalidation",
    edits: [
      {
        file: TRANSACTIONS,
        in: "#tryWrite",
        find: "this.#announce($position, $invalidations, $by)",
        put: "this.#announce($position, $invalidations.slice(1), $by)",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a commit whose outcome was unknown announces nothing",
    edits: [{ file: TRANSACTIONS, in: "#tryWrite", find: "if (!(await $findOut($_))) throw $_;", put: "$0 return;" }],
    caughtBy: { seeds: 300 },
  },
  {
    name: "acknowledge before commit",
    edits: [
      {
        file: "lib/engine/client-records/client-queue.ts",
        in: "#workOff",
        find: "try { $$_ } catch ($_) { $$_ } finally { $$_ }",
        given: "$listener?.decided($number, $_)",
        put: `$listener?.decided($number, '{"ok":true,"value":null}'); $0`,
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a result shared between identities",
    edits: [
      {
        file: "lib/engine/run/run.ts",
        in: "getUserIdentity",
        find: "$readsIdentity = true",
        put: "$readsIdentity = false",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "what is resent runs again",
    edits: [
      {
        file: TRANSACTIONS,
        in: "#commit",
        find: "throw new AlreadyDecidedError();",
        given: "$connection.commit($_)",
        put: "await $connection.commit();",
      },
      {
        file: "lib/engine/client-records/mutations.ts",
        in: "apply",
        find: "if ($_ <= $_.lastDecided) return $_;",
        put: "",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "what is resent gets a new number",
    edits: [{ file: PENDING_CALLS, in: "next", find: "$number ??= ++$last", put: "$number = ++$last" }],
    caughtBy: { seeds: 100 },
  },
  {
    name: "an unknown COMMIT is decided by a plain select",
    edits: [
      {
        file: "lib/engine/client-records/client-record.ts",
        in: "statementsIn",
        find: `\`\${$select} where id = $1\${$forUpdate}\``,
        put: `\`\${$select} where id = $1\``,
      },
    ],
    caughtBy: { seeds: 600 },
  },
  {
    name: "a COMMIT that is on its way is not waited for",
    edits: [
      {
        file: TRANSACTIONS,
        in: "#tryWrite",
        find: '$connection.begin("write", $_)',
        put: '$connection.begin("write")',
      },
    ],
    caughtBy: { seeds: 2_000 },
  },
  {
    name: "transitions out of order",
    edits: [
      {
        file: SOCKET_WRITER,
        in: "send",
        find: "$socket.send($frame);",
        put: `const { environment } = this.#parts;
          if (!/^{"type":"(Transition|Patch)"/.test($frame.text)) $socket.send($frame);
          else environment.after(environment.random() * 20, () => $socket.send($frame));`,
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a torn transition: a client moves on although one of its queries does not",
    edits: [
      {
        file: "lib/engine/connections/client-connections.ts",
        in: "deliver",
        find: "$unsettled.size === 0 ? $unsettled : $_",
        put: "new Set<never>()",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "a client is moved to a revision of which it has only a part",
    edits: [
      {
        file: "lib/engine/views/held-transition.ts",
        in: "finished",
        find: "return $waitingFor.size === 0;",
        put: "return true;",
      },
    ],
    caughtBy: { file: GREEDY_CLIENTS, test: "is moved at least once a minute" },
  },
  {
    name: "a client is not held for the queries that left its batch, and never moved",
    edits: [
      {
        file: "lib/engine/rerun/rerun-loop.ts",
        in: "#publish",
        find: "$watcher.runDetached($live)",
        put: "$watcher.caller",
      },
    ],
    caughtBy: { file: GREEDY_CLIENTS, test: "is moved at least once a minute" },
  },
  {
    name: "a turn never comes back to a client with many queries",
    edits: [
      {
        file: "lib/engine/rerun/run-order.ts",
        in: "fill",
        find: "Number($hasPassedOver)",
        put: "0",
      },
    ],
    caughtBy: { file: GREEDY_CLIENTS, test: "has its turns although others have something due at all times" },
  },
  {
    name: "a batch waits for all of its queries",
    edits: [{ file: "lib/engine/rerun/deadline.ts", in: "leaves", find: "return $_;", put: "return true;" }],
    caughtBy: { file: GREEDY_CLIENTS, test: "an update takes no more than twice what it takes without it" },
  },
  {
    name: "clients do not take turns",
    edits: [{ file: "lib/engine/rerun/rotation.ts", in: "inTurns", find: "$turns.sort($_)", put: "$turns" }],
    caughtBy: { file: "lib/engine/rerun/rotation.test.ts", test: "the many queries of a client come after" },
  },
  {
    name: "unbounded queue to a client that does not read",
    edits: [
      { file: SOCKET_WRITER, in: "canSend", find: "if ($backpressure.keepsUp($_)) return true;", put: "return true;" },
    ],
    caughtBy: { seeds: 600 },
  },
  {
    name: "the revision is taken after the read",
    edits: [
      {
        file: TRANSACTIONS,
        in: "#tryOpenSnapshots",
        find: "await $hold($group, async () => { $begin; $begun; });",
        given: "const $connections = await $_;",
        put: `await $hold($group, async () => { $begin });
          await Promise.all($connections.map((connection) => connection.execute("select 1")));
          $begun`,
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "a snapshot is taken while a COMMIT is in flight",
    edits: [
      { file: "lib/engine/commits/snapshot-lock.ts", in: "#enter", find: "$_ === 0 || $_ === $group", put: "true" },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "reflected too early",
    edits: [
      {
        file: "lib/engine/views/reflected-mutations.ts",
        in: "take",
        find: "$committed.filter(($_) => $_ <= $position)",
        put: "$committed",
      },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "the guess goes with the reply instead of the answer",
    edits: [{ file: PENDING_CALLS, in: "succeeded", find: "if ($_ || $_) $end($call);", put: "$end($call);" }],
    caughtBy: { seeds: 100 },
  },
  {
    name: "reflected is believed while older answers are shown",
    edits: [
      { file: "lib/client/queries/server-answers.ts", in: "isCatchingUp", find: "return $_;", put: "return false;" },
    ],
    caughtBy: { seeds: 300 },
  },
  {
    name: "the token is not compared on subscribe",
    edits: [
      {
        file: "lib/engine/views/subscriptions.ts",
        in: "takeChanges",
        find: "$changes.maps.push($_);",
        given: "$subscription.mapped = true",
        put: "$0 if ($subscription.token !== undefined) continue;",
      },
    ],
    caughtBy: { seeds: 100 },
  },
  {
    name: "a patch is applied without a check",
    edits: [
      { file: "lib/client/queries/apply-patch.ts", in: "applyPatch", find: "if ($_ !== $check) throw $_;", put: "" },
    ],
    caughtBy: { file: "lib/client/queries/apply-patch.test.ts", test: "is never taken" },
  },
  {
    name: "a lease outlives an invalidation",
    edits: [
      {
        file: "lib/engine/queries/live-query.ts",
        in: "invalidate",
        find: "if (!$wanted) $_;",
        put: "if (!$wanted) this.#staleSince = Number.POSITIVE_INFINITY;",
      },
    ],
    caughtBy: { file: "lib/engine/queries/preload-leases.test.ts", test: "" },
  },
  {
    name: "what waits is sent as another identity that has signed in",
    edits: [{ file: MESSAGE_RECEIVER, in: "connected", find: "$calls.drop($reason, $why);", put: "" }],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "answers stay when another identity has signed in",
    edits: [{ file: MESSAGE_RECEIVER, in: "connected", find: "$answers.forget();", put: "" }],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "a client id is used on by another identity that has signed in",
    edits: [
      { file: MESSAGE_RECEIVER, in: "connected", find: "$isMissed || ($isChanged && $isUsed)", put: "$isMissed" },
    ],
    caughtBy: { seeds: 100, change: true },
  },
  {
    name: "a client id is used by any identity that names it",
    edits: [
      {
        file: CONNECTION_MUTATIONS,
        in: "constructor",
        find: "$identity !== undefined && $identity !== $fingerprint",
        put: "false",
      },
    ],
    caughtBy: {
      file: "lib/engine/engine.test.ts",
      test: "mutations of a client id that belongs to another identity are not run",
    },
  },
  {
    name: "a client comes back at once however often it is closed",
    edits: [
      {
        file: "lib/client/connection/connection.ts",
        in: "#wait",
        find: "$isAtOnce && $failed === 0 ? 0 : $random",
        put: "$isAtOnce ? 0 : $random",
      },
    ],
    caughtBy: { file: "lib/client/convex-client.test.ts", test: "is opened ever less often" },
  },
  {
    name: "a client is heard whatever its calls weigh",
    edits: [{ file: "lib/engine/sockets/intake.ts", in: "#keepsTooMuch", find: "return $_;", put: "return false;" }],
    caughtBy: { file: "lib/engine/limits.test.ts", test: "keptMessageBytes" },
  },
  {
    name: "two mutations of a client run at once when one ends while the client is held",
    edits: [
      {
        file: "lib/engine/client-records/client-queue.ts",
        in: "submit",
        find: "if (!$isWorking) $work = $workOff;",
        put: "if (!this.#running) this.#work = this.#workOff();",
      },
    ],
    caughtBy: { file: "lib/engine/client-records/client-queue.test.ts", test: "one after the other" },
  },
  {
    name: "an answer is named by its length",
    edits: [
      {
        file: "lib/engine/answers/answer-tokens.ts",
        in: "of",
        find: "return $_;",
        put: 'return String(valueText.length).padStart(22, "0");',
      },
    ],
    caughtBy: { file: "lib/engine/patches.test.ts", test: "whatever texts its author has chosen" },
  },
  {
    name: "a COMMIT of unknown outcome is reported as rolled back",
    edits: [
      {
        file: "lib/engine/commits/in-doubt-commits.ts",
        in: "#untilAnswered",
        find: 'new UnavailableError("outcomeUnknown", $message)',
        put: 'new UnavailableError("timedOut", $message)',
      },
    ],
    caughtBy: { file: "lib/engine/silent-database.test.ts", test: "the caller is told that the outcome is unknown" },
  },
];
