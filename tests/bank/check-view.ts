import { type BranchState, type Fault, type Mine, SUM, type Transfer } from "./model.ts";

/** What a client shows at one moment. */
export interface View {
  state: BranchState;
  mine: Mine;
  /** Only some clients watch it. */
  slow: BranchState | undefined;
  /** The rows of all loaded pages, the newest transfer first. */
  rows: readonly Transfer[];
}

/** Is a view of one state of the branch, no older one than `floor`, and of this caller? @returns what is wrong. */
export function checkView({ state, mine, slow, rows }: View, who: string, floor: number): Fault[] {
  const faults: Fault[] = [];
  const newest = rows[0]?.version ?? 0;
  const versions = [state.version, mine.version, slow?.version ?? state.version, newest];
  if (new Set(versions).size > 1) faults.push({ kind: "torn", about: `versions ${versions} together` });
  if (rows.some(({ version }, i) => version !== newest - i)) {
    faults.push({ kind: "torn", about: `rows ${rows.map(({ version }) => version)}` });
  }
  for (const { balances } of [state, slow ?? state]) {
    const sum = balances.reduce((total, balance) => total + balance, 0);
    if (sum !== SUM) faults.push({ kind: "torn", about: `the sum ${sum}` });
  }
  const oldest = Math.min(...versions);
  if (oldest < floor) faults.push({ kind: "stale", about: `version ${oldest} after ${floor}` });
  if (mine.who !== who || mine.transfers.some(({ caller }) => caller !== who)) {
    faults.push({ kind: "foreign", about: `${who} is shown what is ${mine.who}'s` });
  }
  return faults;
}
