import type { Cancel } from "../../environment/environment.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import type { Answer, DatedAnswer, RenderedAnswer } from "./answer.ts";

/** All that this page knows of one key: the question and its answers. Each store keeps its own part of it. */
export interface QueryRecord {
  readonly key: QueryKey;

  // ── kept by QuerySet ──

  /** Its number on the wire. Never given to another question, nor to this one when it is asked anew. */
  id: number;
  watchers: number;
  /** Ends the grace that runs while it is asked and nobody watches. */
  cancelRelease: Cancel;
  /**
   * Nobody asks → not said on this connection → said → answered for the first time. Back to unsaid when the connection
   * is lost, to unasked when nobody has watched it for the grace.
   */
  stage: "idle" | "queued" | "sent" | "answered";

  // ── kept by ServerAnswers ──

  /** What the server knows us to have: first what we said when we asked, then what it has answered. */
  acknowledged?: Answer | undefined;
  /** Names the run on the server that answers it on this connection. `known` is the answer, then. */
  live?: number | undefined;
  /**
   * An answer that wins over the live one: from an earlier connection as long as there is none on this one, or of a
   * render that is ahead of the connection. Gone as soon as the connection is as far.
   */
  pinned?: DatedAnswer | undefined;
  /** An answer that is not to be shown, as nobody has kept it live. */
  cached?: DatedAnswer | undefined;

  // ── kept by PreloadedAnswers ──

  /** What the server rendered for this browser, before a connection has told who we are. Shown above all others. */
  unverified?: RenderedAnswer | undefined;
}

export function newQueryRecord(key: QueryKey): QueryRecord {
  return { key, id: 0, watchers: 0, cancelRelease: () => {}, stage: "idle" };
}

/** The answer to show, our guesses aside. Undefined: none yet. */
export function shownAnswer(query: QueryRecord | undefined): Answer | undefined {
  return (query?.unverified ?? query?.pinned)?.answer ?? (query?.live === undefined ? undefined : query.acknowledged);
}

/** The best answer we have, fit to be shown or not: its hash spares the server to send it again. */
export function heldAnswer(query: QueryRecord | undefined): Answer | undefined {
  return shownAnswer(query) ?? query?.cached?.answer;
}
