import type { Cancel } from "../../environment/environment.ts";

/** What the client needs to know of its page. */
export interface BrowserTab {
  /** Is the page visible? */
  isVisible(): boolean;
  /**
   * Calls back when the connection may have died.
   * @param returned The network or the user may have returned.
   * @param offline The browser has lost the network. A server on the same machine can still be reached.
   */
  watchNetwork(returned: () => void, offline: () => void): Cancel;
  /** Makes the browser ask before the page is left, until cancelled. */
  askBeforeLeaving(): Cancel;
}

/** The page of this process. Where there is none (Node, a worker), one that is always visible and never left. */
export function browserTab(): BrowserTab {
  const isThere = typeof document !== "undefined";
  const isVisible = () => !(isThere && document.hidden);
  return {
    isVisible,
    watchNetwork: (returned, offline) =>
      listen({ offline, online: returned, pageshow: returned, visibilitychange: () => isVisible() && returned() }),
    askBeforeLeaving: () => listen({ beforeunload: (event) => event.preventDefault() }),
  };

  /** Listens at the window: events of the document bubble up to it. */
  function listen(listeners: Record<string, (event: Event) => void>): Cancel {
    const until = new AbortController();
    for (const [type, listener] of Object.entries(isThere ? listeners : {})) {
      window.addEventListener(type, listener, until);
    }
    return () => until.abort();
  }
}
