import type { Cancel } from "../environment/environment.ts";

/** What the client wants to know of the page it lives in. */
export interface Page {
  /** Does somebody look at it? */
  isVisible(): boolean;
  /** Calls back when the network or the person may have returned: a good moment to look whether the connection lives. */
  onReturn(listener: () => void): Cancel;
  /** Asks "leave the page?" before it goes away, until cancelled. */
  askBeforeLeaving(): Cancel;
}

const RETURNS = ["online", "pageshow"] as const;

/** The page around us; where there is none (Node, a worker), one that is always looked at and never left. */
export function surroundingPage(): Page {
  if (typeof document === "undefined" || typeof window === "undefined") return noPage;
  const isVisible = () => document.visibilityState !== "hidden";
  return {
    isVisible,
    onReturn(listener) {
      const until = new AbortController();
      const ifVisible = () => isVisible() && listener();
      for (const event of RETURNS) window.addEventListener(event, listener, until);
      document.addEventListener("visibilitychange", ifVisible, until);
      return () => until.abort();
    },
    askBeforeLeaving() {
      const until = new AbortController();
      window.addEventListener("beforeunload", (event) => event.preventDefault(), until);
      return () => until.abort();
    },
  };
}

const noPage: Page = { isVisible: () => true, onReturn: () => () => {}, askBeforeLeaving: () => () => {} };
