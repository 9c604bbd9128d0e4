import type { Cancel } from "../../environment/environment.ts";
import type { QueryKey } from "../../functions/query-key.ts";
import type { Answer, DatedAnswer, RenderedAnswer } from "./answer.ts";

/**
 * All that the client knows of one query. Each part has one writer, which names that part's own type; to every other
 * file a record is read-only, and a change goes through the writer's methods.
 */
export interface QueryRecord extends Readonly<SubscriptionPart>, Readonly<ServerPart>, Readonly<PreloadPart> {
  readonly key: QueryKey;
}

/** Whether the query is subscribed to. Written by `QuerySet` only. */
export interface SubscriptionPart {
  /** Its number on the wire. Never given to another query, nor to this one when it is subscribed to anew. */
  id: number;
  watchers: number;
  /** Ends the grace that runs while it is subscribed to without watchers. */
  cancelRelease: Cancel;
  /**
   * Not subscribed to → not sent on this connection → sent → answered for the first time. Back to queued when the
   * connection is lost, and to idle when it has had no watchers for the grace.
   */
  stage: "idle" | "queued" | "sent" | "answered";
}

/** What the server has answered. Written by `ServerAnswers` only. */
export interface ServerPart {
  /** The answer that the server knows the client to have: the one named when subscribing, then what it has answered. */
  acknowledged?: Answer | undefined;
  /** The live query on the server that answers this one on this connection. Its answer is `acknowledged`. */
  live?: number | undefined;
  /**
   * An answer that wins over the live one: from an earlier connection until this one has answered, or of a render that
   * is ahead of the connection until the connection has caught up with it.
   */
  pinned?: DatedAnswer | undefined;
  /** An answer that is not shown, as no subscription has kept it live. */
  cached?: DatedAnswer | undefined;
}

/** What came with the page. Written by `PreloadedAnswers` only. */
export interface PreloadPart {
  /** What the server rendered for an identity that no connection has confirmed yet. Shown above all others. */
  unverified?: RenderedAnswer | undefined;
}

/** The answer to show, without optimistic updates. Undefined: none yet. */
export function shownAnswer(query: QueryRecord | undefined): Answer | undefined {
  return (query?.unverified ?? query?.pinned)?.answer ?? (query?.live === undefined ? undefined : query.acknowledged);
}

/** The best answer that the client has, whether or not it may be shown: its token spares the server to send it again. */
export function heldAnswer(query: QueryRecord | undefined): Answer | undefined {
  return shownAnswer(query) ?? query?.cached?.answer;
}
