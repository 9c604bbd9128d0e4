import type { Cancel } from "../../environment/environment.ts";
import type { BrowserTab } from "../connection/browser-tab.ts";

/**
 * The browser's question "Leave site?", asked before the page goes away.
 * @returns sets whether it is asked: while a mutation would be lost that was not sent on this connection.
 */
export function leavePrompt(tab: BrowserTab): (isNeeded: boolean) => void {
  let cancel: Cancel | undefined;
  return (isNeeded) => {
    if (isNeeded) cancel ??= tab.askBeforeLeaving();
    else {
      cancel?.();
      cancel = undefined;
    }
  };
}
