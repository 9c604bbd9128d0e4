import { ACCOUNTS, type Everything, type Fault, OPENING_BALANCE } from "./model.ts";

/** A call of `bank:transfer`. */
export interface Call {
  readonly uid: string;
  /** The caller that the client had been told. Undefined: none yet. */
  calledAs: string | undefined;
  /** The identity changed before it had ended. */
  isLeftBehind: boolean;
  /** The version that it resolved to, or why it failed. Undefined: it has not ended. */
  outcome: { version: number } | { failed: string } | undefined;
}

/** Outcomes after which nothing was committed. */
const NOT_DONE: ReadonlySet<string> = new Set(["application", "notSent", "overloaded", "timedOut", "identityChanged"]);

/** Compares the calls of a client, in the order called, with what the database holds of their branch. */
export function auditCalls(calls: readonly Call[], { transfers }: Everything): Fault[] {
  const faults: Fault[] = [];
  const byUid = Map.groupBy(transfers, ({ uid }) => uid);
  let before = 0;
  for (const { uid, calledAs, isLeftBehind, outcome } of calls) {
    const applied = byUid.get(uid) ?? [];
    const [first] = applied;
    if (applied.length > 1) faults.push({ kind: "doubled", about: `${uid}: ${applied.length} times` });
    if (outcome === undefined) faults.push({ kind: "lost", about: `${uid} has no outcome` });
    else if ("version" in outcome && first?.version !== outcome.version) {
      faults.push({ kind: "lost", about: `${uid} resolved as ${outcome.version}; found ${first?.version}` });
    } else if ("failed" in outcome && NOT_DONE.has(outcome.failed) && first) {
      faults.push({ kind: "doubled", about: `${uid} failed (${outcome.failed}), and is there` });
    }
    if (!first) continue;
    if (calledAs !== undefined && first.caller !== calledAs) {
      faults.push({ kind: "foreign", about: `${uid} of ${calledAs} ran as ${first.caller}` });
    }
    // When one that was left behind ends is unknown: the next one is another client id's.
    if (isLeftBehind) continue;
    if (first.version <= before) {
      faults.push({ kind: "disordered", about: `${uid} was applied before an earlier call` });
    }
    before = first.version;
  }
  return faults;
}

/** The balances are those that the transfers lead to, one after the other. */
export function auditBranch(branch: string, { version, balances, transfers }: Everything): Fault[] {
  const expected = Array.from({ length: ACCOUNTS }, () => OPENING_BALANCE);
  for (const { from, to, amount } of transfers) {
    expected[from] = (expected[from] ?? 0) - amount;
    expected[to] = (expected[to] ?? 0) + amount;
  }
  const isWhole = transfers.length === version && transfers.every((transfer, i) => transfer.version === i + 1);
  if (isWhole && expected.join() === balances.join()) return [];
  const about = `${branch}: ${transfers.length} transfers at version ${version}, ${balances}; expected ${expected}`;
  return [{ kind: "torn", about }];
}
