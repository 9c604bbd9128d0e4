/** The accounts of a branch, and what is in each at first. Transfers never change the sum. */
export const ACCOUNTS = 5;
export const OPENING_BALANCE = 200;
export const SUM = ACCOUNTS * OPENING_BALANCE;

export interface BranchState {
  version: number;
  balances: number[];
}

export interface Transfer {
  uid: string;
  version: number;
  caller: string;
  from: number;
  to: number;
  amount: number;
}

/** The transfers of the caller. */
export interface Mine {
  who: string;
  version: number;
  transfers: Transfer[];
}

/** All of one branch, as the database holds it. */
export interface Everything extends BranchState {
  transfers: Transfer[];
}

/**
 * What can be wrong. `lost`: acknowledged, and not in the database. `doubled`: applied twice, or though it had failed.
 * `disordered`: not in the order called. `torn`: of no one state. `stale`: older than what was shown or acknowledged.
 * `foreign`: of another caller, or run as one.
 */
export const KINDS = ["lost", "doubled", "disordered", "torn", "stale", "foreign"] as const;

export interface Fault {
  kind: (typeof KINDS)[number];
  about: string;
}
