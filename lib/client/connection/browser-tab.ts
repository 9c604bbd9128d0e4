import type { Cancel } from "../../environment/environment.ts";

/** What the client wants to know of the page it lives in. */
export interface BrowserTab {
  /** Does somebody look at it? */
  isVisible(): boolean;
  /** Calls back when the network or the person may have returned: a good moment to look whether the connection lives. */
  onReturn(listener: () => void): Cancel;
  /** Asks "leave the page?" before it goes away, until cancelled. */
  askBeforeLeaving(): Cancel;
}

/** The page around us; where there is none (Node, a worker), one that is always looked at and never left. */
export function browserTab(): BrowserTab {
  const isThere = typeof document !== "undefined";
  const isVisible = () => !isThere || document.visibilityState !== "hidden";
  return {
    isVisible,
    onReturn: (listener) =>
      listen({ online: listener, pageshow: listener, visibilitychange: () => isVisible() && listener() }),
    askBeforeLeaving: () => listen({ beforeunload: (event) => event.preventDefault() }),
  };

  /** At the window: what happens to the document comes by there. */
  function listen(listeners: Record<string, (event: Event) => void>): Cancel {
    const until = new AbortController();
    for (const [type, listener] of Object.entries(isThere ? listeners : {})) {
      window.addEventListener(type, listener, until);
    }
    return () => until.abort();
  }
}
