import { act, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { expect, vi } from "vitest";
import { ScriptedServer, settle } from "./scripted-server.ts";

/** A page that React renders, and the server for its client. For one test, in an environment with a document. */
export class RenderedPage {
  readonly server = new ScriptedServer();
  readonly container = document.createElement("div");
  readonly #complaints: unknown[] = [];
  #root: Root | undefined;

  constructor() {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    for (const level of ["error", "warn"] as const) {
      vi.spyOn(console, level).mockImplementation((...about) => this.#complaints.push(about.join(" ")));
    }
  }

  readonly mount = (node: ReactNode): Promise<void> =>
    this.does(() => {
      this.#root = createRoot(this.container);
      this.#root.render(node);
    });

  /** React takes over what the server has rendered. A mismatch is a complaint. */
  readonly hydrate = (html: string, node: ReactNode): Promise<void> => {
    this.container.innerHTML = html;
    return this.does(() => {
      const onRecoverableError = (error: unknown) => this.#complaints.push(String(error));
      this.#root = hydrateRoot(this.container, node, { onRecoverableError });
    });
  };

  /** The server sends a transition, and React renders it. */
  readonly transition = (...given: Parameters<ScriptedServer["transition"]>): Promise<void> =>
    act(() => this.server.transition(...given));

  /** Something happens on the page, and React renders what comes of it. */
  readonly does = (what: () => void): Promise<void> =>
    act(async () => {
      what();
      await settle();
    });

  /** What React and the clients have said on the console, for a test that expects them to. */
  takeComplaints(): unknown[] {
    return this.#complaints.splice(0);
  }

  async unmount(): Promise<void> {
    await act(async () => this.#root?.unmount());
    this.#root = undefined;
  }

  /** Ends the page. Neither React nor a client may have complained. */
  async close(): Promise<void> {
    await this.unmount();
    vi.restoreAllMocks();
    expect(this.#complaints).toEqual([]);
  }
}
