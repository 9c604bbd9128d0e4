/**
 * The states of following saves in development, and all transitions between them. `watch-functions.ts` and
 * `serve-functions.ts` do what a state asks for; they decide nothing themselves.
 */

/** What became of the last save. */
export type SavedState =
  /** What is saved is what is served. */
  | { readonly name: "served" }
  /** What is saved does not load. The functions that loaded last are still served. */
  | {
      readonly name: "broken";
      /** Why. */
      readonly message: string;
      /** A refused save came before it: see `mustServe`. */
      readonly afterRefusal: boolean;
    }
  /** What is saved loads, but was refused: the database does not fit it. The functions before it are still served. */
  | { readonly name: "refused"; readonly message: string };

/** What happens to a save: it does not load, it loads and is refused, or it is served. */
export type SavedEvent =
  | { readonly type: "loadFailed"; readonly message: string }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "served" };

/** The state after an event. */
export function afterSave(state: SavedState, event: SavedEvent): SavedState {
  switch (event.type) {
    case "loadFailed":
      return { name: "broken", message: event.message, afterRefusal: followsRefusal(state) };
    case "refused":
      return { name: "refused", message: event.message };
    case "served":
      return { name: "served" };
  }
}

/**
 * Must functions that have loaded be handed to `serve`? Also those that are served already, after a refusal: it may have
 * left something half way between what is served and what was refused.
 */
export function mustServe(state: SavedState, isSameCode: boolean): boolean {
  return !isSameCode || followsRefusal(state);
}

/** Does an event say the same as the state, so that it was reported in full before? */
export function isKnown(state: SavedState, event: SavedEvent): boolean {
  return state.name !== "served" && event.type !== "served" && state.message === event.message;
}

function followsRefusal(state: SavedState): boolean {
  return state.name === "refused" || (state.name === "broken" && state.afterRefusal);
}

/** What is known of the database. */
export type DatabaseState =
  /** Nothing: it has not been compared yet, the comparison failed, or it refused a schema, which may be applied by hand. */
  | { readonly name: "unknown" }
  /** It fits the schema with this key. */
  | { readonly name: "fits"; readonly schemaKey: string };

/** How the functions that are served stand to the database. */
export type ServedState =
  /** The database fits their schema. */
  | { readonly name: "fitting" }
  /** It does not, and the message says why. They are served because no others fit it better. */
  | { readonly name: "misfit"; readonly message: string };

/** What a push of the schema answered, as far as the states depend on it. */
export interface Refused {
  readonly message: string;
}

/** The state of the database after a push of the schema with this key, which was refused or not. */
export function afterPush(schemaKey: string, refusal: Refused | undefined): DatabaseState {
  return refusal === undefined ? { name: "fits", schemaKey } : { name: "unknown" };
}

/** The state of functions from the moment at which they are served. */
export function whenServed(refusal: Refused | undefined): ServedState {
  return refusal === undefined ? { name: "fitting" } : { name: "misfit", message: refusal.message };
}

/** What a page is told that connects now: why the last save is not served, or why what is served does not fit. */
export function noticeOf(served: ServedState, notServed: string | undefined): string | undefined {
  return notServed ?? (served.name === "misfit" ? served.message : undefined);
}

/** Whether a task runs, and whether it runs once more. `saved`: a source of the functions was saved in the meantime. */
export type TaskState =
  | { readonly name: "idle" }
  | { readonly name: "running" }
  | { readonly name: "runningAndDue"; readonly saved: boolean };

/** The state after a change of files, if the task is to be started when it is idle. */
export function afterChange(state: TaskState, saved: boolean): TaskState {
  if (state.name === "idle") return { name: "running" };
  return { name: "runningAndDue", saved: saved || (state.name === "runningAndDue" && state.saved) };
}

/** The state after the task has ended: it starts at once again if it is due. */
export function afterTask(state: TaskState): TaskState {
  return { name: state.name === "runningAndDue" ? "running" : "idle" };
}
