import type { LiveQuery } from "../queries/live-query.ts";

/** What live queries may use of the database at the moment. */
export interface Load {
  /** Connections of the driver. */
  readonly connections: number;
  /** Do statements on two connections overlap in time? */
  readonly overlaps: boolean;
  /** Runs that are detached: each keeps its connection. */
  readonly detached: number;
}

/**
 * How many fast queries share a snapshot before another is opened beside it, where that gains anything, and how many a
 * batch may open. What shares one runs one after the other: more would spare the server a BEGIN and leave it without work.
 */
const QUERIES_PER_SNAPSHOT = 2;
const MAX_SNAPSHOTS = 4;
/** Connections that queries leave to mutations, however many of them are slow. */
const LEFT_TO_MUTATIONS = 3;

/** Can two transactions be open at once? */
export function isSideBySide({ connections }: Load): boolean {
  return connections > 1;
}

/** How many snapshots a batch may open. */
function snapshotRoom({ connections, detached }: Load): number {
  return Math.max(1, Math.min(MAX_SNAPSHOTS, connections - LEFT_TO_MUTATIONS - detached));
}

/**
 * Is there a snapshot for a slow query beside the one for fast ones? Otherwise slow ones wait for each other, and no fast
 * one waits for them.
 */
export function mayRunSlow(load: Load): boolean {
  return !isSideBySide(load) || snapshotRoom(load) > 1;
}

/** May another run be detached? It keeps its connection; where none is left for it, the batch waits. */
export function mayDetach(load: Load): boolean {
  return !isSideBySide(load) || load.detached < load.connections - LEFT_TO_MUTATIONS;
}

/** How many snapshots a batch of so many queries opens. Each slow one gets its own, so that no other waits behind it. */
export function snapshotsNeeded(load: Load, { due, slow }: { due: number; slow: number }): number {
  const room = snapshotRoom(load);
  const ownSnapshots = Math.min(slow, room - 1);
  const perSnapshot = load.overlaps ? QUERIES_PER_SNAPSHOT : Number.POSITIVE_INFINITY;
  return Math.min(room, ownSnapshots + Math.max(1, Math.ceil((due - ownSnapshots) / perSnapshot)));
}

/** In which order they run: slow ones with a snapshot of their own, then fast ones, then slow ones without. */
export function runOrder(load: Load, due: readonly LiveQuery[], isSlow: (live: LiveQuery) => boolean): LiveQuery[] {
  const slow = due.filter(isSlow);
  const first = slow.splice(0, isSideBySide(load) ? snapshotRoom(load) - 1 : 0);
  return [...first, ...due.filter((live) => !isSlow(live)), ...slow];
}
