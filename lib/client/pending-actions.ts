import type { FunctionError } from "./errors.ts";
import type { WireArgs } from "./question.ts";

/** How many actions may wait to be sent or to end. */
export const MAX_ACTIONS = 1_000;

/** One call of an action that has not ended. */
export interface PendingAction {
  readonly request: number;
  readonly path: string;
  readonly args: WireArgs;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FunctionError) => void;
  isOnWire: boolean;
}

/** Actions that were called and have not ended. Each is sent at most once: nobody can tell whether it may run twice. */
export class PendingActions {
  readonly #byRequest = new Map<number, PendingAction>();
  /** Above every number a mutation will have: both share one space on the wire. */
  #last = 2 ** 40;

  get size(): number {
    return this.#byRequest.size;
  }

  get isFull(): boolean {
    return this.#byRequest.size >= MAX_ACTIONS;
  }

  get inFlight(): number {
    return [...this.#byRequest.values()].filter((action) => action.isOnWire).length;
  }

  add(action: Pick<PendingAction, "path" | "args" | "resolve" | "reject">): void {
    const request = ++this.#last;
    this.#byRequest.set(request, { ...action, request, isOnWire: false });
  }

  toSend(): PendingAction | undefined {
    for (const action of this.#byRequest.values()) if (!action.isOnWire) return action;
    return undefined;
  }

  /** Takes it out; undefined when it has ended already. */
  take(request: number): PendingAction | undefined {
    const action = this.#byRequest.get(request);
    this.#byRequest.delete(request);
    return action;
  }

  /** Takes those that `of` says. */
  takeAll(of: (action: PendingAction) => boolean = () => true): PendingAction[] {
    return [...this.#byRequest.values()].filter(of).flatMap((action) => this.take(action.request) ?? []);
  }
}
