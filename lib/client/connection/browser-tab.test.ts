// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";
import { browserTab } from "./browser-tab.ts";

afterEach(() => vi.restoreAllMocks());

describe("the page of the client", () => {
  test("calls back when the network or the user returns, or the network is lost, not when the user leaves", () => {
    const page = browserTab();
    const returned = vi.fn();
    const offline = vi.fn();
    const stop = page.watchNetwork(returned, offline);
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    expect([returned.mock.calls.length, page.isVisible()]).toEqual([0, false]);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    window.dispatchEvent(new Event("online"));
    window.dispatchEvent(new Event("pageshow"));
    expect([returned.mock.calls.length, page.isVisible()]).toEqual([3, true]);
    window.dispatchEvent(new Event("offline"));
    expect([returned.mock.calls.length, offline.mock.calls.length]).toEqual([3, 1]);
    stop();
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    expect(returned).toHaveBeenCalledTimes(3);
  });

  test("asks before it is left, until that is cancelled", () => {
    const stop = browserTab().askBeforeLeaving();
    const leave = () => {
      const event = new Event("beforeunload", { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(leave()).toBe(true);
    stop();
    expect(leave()).toBe(false);
  });
});
