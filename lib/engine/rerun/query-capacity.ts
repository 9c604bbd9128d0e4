/** What live queries may use of the database at the moment. */
export interface Load {
  /** Connections of the driver. */
  readonly connections: number;
  /** Do statements on two connections overlap in time? */
  readonly overlaps: boolean;
  /** Lanes that have left their batch: each keeps its connection. */
  readonly detached: number;
}

/** What is due: how many queries, and how many of them run apart from the others. */
export interface Due {
  readonly due: number;
  readonly apart: number;
}

/**
 * How many fast queries share a snapshot before another is opened beside it, where that gains anything, and how many a
 * batch may open. What shares one runs one after the other: more would spare the server a BEGIN and leave it without work.
 */
const QUERIES_PER_SNAPSHOT = 2;
const MAX_SNAPSHOTS = 4;
/** Connections that queries leave to mutations, however many of them are slow. */
const LEFT_TO_MUTATIONS = 3;
/** Connections that queries which run apart leave to the others, and to mutations. */
const LEFT_BY_THOSE_APART = LEFT_TO_MUTATIONS + 3;

/** Can two transactions be open at once? */
export function isSideBySide({ connections }: Load): boolean {
  return connections > 1;
}

/** How many snapshots a batch may open. */
function snapshotRoom({ connections, detached }: Load): number {
  return Math.max(1, Math.min(MAX_SNAPSHOTS, connections - LEFT_TO_MUTATIONS - detached));
}

/**
 * Is there a snapshot for queries that run apart beside the one for the others? Otherwise those wait for each other, and
 * no other query waits for them.
 */
export function mayRunApart(load: Load): boolean {
  return !isSideBySide(load) || snapshotRoom(load) > 1;
}

/** May another lane leave its batch? It keeps its connection; where none is left for it, the batch waits for its run. */
export function mayDetach(load: Load): boolean {
  return !isSideBySide(load) || load.detached < Math.max(1, load.connections - LEFT_BY_THOSE_APART);
}

/** May a lane that has left its batch go on with what the batch has left, or is its connection wanted for other batches? */
export function mayGoOn(load: Load, lanesOfBatch: number): boolean {
  if (lanesOfBatch <= 1) return true;
  return load.overlaps && load.detached <= load.connections - LEFT_TO_MUTATIONS - MAX_SNAPSHOTS;
}

/** How many snapshots of a batch are for queries that run apart. The others get what they need, up to half of all. */
export function snapshotsApart(load: Load, { due, apart }: Due): number {
  if (!isSideBySide(load) || apart === 0) return 0;
  const room = snapshotRoom(load);
  const forOthers = Math.max(1, Math.min(snapshotsTogether(load, due - apart), Math.floor(room / 2)));
  // Where statements do not overlap, several would only take turns more often than others do.
  return Math.min(apart, room - forOthers, load.overlaps ? room : 1);
}

/** How many snapshots a batch of so many queries opens, those apart included. */
export function snapshotsNeeded(load: Load, due: Due): number {
  const apart = snapshotsApart(load, due);
  const together = Math.max(1, snapshotsTogether(load, due.due - due.apart));
  return Math.min(snapshotRoom(load), apart + together);
}

/** How many snapshots so many queries share. */
function snapshotsTogether({ overlaps }: Load, queries: number): number {
  return overlaps ? Math.ceil(queries / QUERIES_PER_SNAPSHOT) : Math.min(queries, 1);
}
