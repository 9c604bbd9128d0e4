import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../lib/client/calls/named-call.ts";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { LoadedPages } from "../../lib/client/loaded-pages.ts";
import type { QueryKey } from "../../lib/functions/query-key.ts";
import type { Chance } from "../fuzz/chance.ts";
import { silent } from "../support/silent.ts";
import type { Call } from "./audit.ts";
import { checkView, type View } from "./check-view.ts";
import { ACCOUNTS, type BranchState, type Fault, type Mine, type Transfer } from "./model.ts";
import { socketThatTells } from "./telling-socket.ts";

const PAGE = 5;
const MOST_PAGES = 4;

export interface CustomerOptions {
  url: string;
  name: string;
  branch: string;
  /** Does it watch a slow query, too? */
  seesSlow: boolean;
  chance: Chance;
}

/** A client of one branch: it watches, calls, and changes its identity, and checks all that it is shown. */
export class Customer {
  readonly branch: string;
  readonly name: string;
  readonly calls: Call[] = [];
  readonly faults: Fault[] = [];
  /** How often it was shown something. */
  views = 0;
  /** How often it has changed its identity. */
  switches = 0;
  readonly #client: ConvexClient;
  readonly #chance: Chance;
  readonly #keys: { readonly state: QueryKey; readonly mine: QueryKey; readonly slow?: QueryKey };
  readonly #pages: LoadedPages;
  /** Sent with every connection. */
  readonly #headers: { "x-caller": string };
  /** The caller, as the last Connected told it. */
  #told: string | undefined;
  /** The newest version that was shown. */
  #floor = 0;

  constructor({ url, name, branch, seesSlow, chance }: CustomerOptions) {
    this.name = name;
    this.branch = branch;
    this.#chance = chance;
    this.#headers = { "x-caller": `${name}-0` };
    const webSocketConstructor = socketThatTells((who) => this.#learns(who)) as never;
    this.#client = new ConvexClient(url, { logger: silent, headers: this.#headers, webSocketConstructor });
    const key = (path: string) => keyOf(path, { branch });
    this.#keys = { state: key("bank:state"), mine: key("bank:mine"), ...(seesSlow && { slow: key("bank:slow") }) };
    const paginationOpts = { cursor: null, numItems: PAGE };
    this.#pages = new LoadedPages(this.#client.sync, keyOf("bank:history", { branch, paginationOpts }));
    this.#client.sync.watch(Object.values(this.#keys), () => this.#look());
    this.#pages.subscribe(() => this.#look());
  }

  get isOpen(): boolean {
    return this.#client.connectionState().state === "open" && this.#view() !== undefined;
  }

  get hasPending(): boolean {
    return this.calls.some(({ outcome }) => outcome === undefined);
  }

  /** The caller that its next connection has. */
  get caller(): string {
    return this.#headers["x-caller"];
  }

  /** One thing that people do. */
  act(): void {
    const what = this.#chance.pick(20);
    if (what === 0) this.#switchIdentity();
    else if (what < 3 && this.#pages.rows().results.length < PAGE * MOST_PAGES) this.#pages.loadMore(PAGE);
    else for (let left = this.#chance.oneOf([1, 1, 1, 2, 3]); left > 0; left--) void this.#transfer();
  }

  /** At rest: does it show what the database holds? */
  shows({ version, balances }: BranchState, mine: Mine): boolean {
    const view = this.#view();
    if (view === undefined || checkView(view, mine.who, version).length > 0) return false;
    return isDeepStrictEqual(view.state, { version, balances }) && isDeepStrictEqual(view.mine, mine);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #transfer(): Promise<void> {
    const from = this.#chance.pick(ACCOUNTS);
    const to = (from + 1 + this.#chance.pick(ACCOUNTS - 1)) % ACCOUNTS;
    const uid = `${this.name}.${this.calls.length}`;
    const call: Call = { uid, calledAs: this.#told, isLeftBehind: false, outcome: undefined };
    this.calls.push(call);
    // Sometimes more than there is.
    const amount = this.#chance.oneOf([1, 10, 100]);
    try {
      const args = { branch: this.branch, uid, from, to, amount };
      const version = (await this.#client.mutation("bank:transfer", args)) as number;
      call.outcome = { version };
      this.#checkShown(call, version);
    } catch (error) {
      const { kind, reason } = error as { kind?: string; reason?: string };
      call.outcome = { failed: reason ?? kind ?? String(error) };
    }
  }

  /** `mutation()` resolves once what is watched shows its writes. */
  #checkShown({ uid }: Call, version: number): void {
    const shown = this.#view()?.state.version;
    if (shown === undefined || shown >= version) return;
    this.faults.push({ kind: "stale", about: `${uid} resolved as ${version}, and ${shown} is shown` });
  }

  #switchIdentity(): void {
    this.switches++;
    this.#headers["x-caller"] = `${this.name}-${this.switches % 3}`;
    this.#client.refreshIdentity();
  }

  /** Called just before the client reads it. */
  #learns(who: string): void {
    for (const call of this.calls) {
      if (call.outcome !== undefined) continue;
      if (this.#told === undefined) call.calledAs ??= who;
      else if (who !== this.#told) call.isLeftBehind = true;
    }
    this.#told = who;
  }

  #look(): void {
    const view = this.#view();
    if (view === undefined || this.#told === undefined) return;
    this.views++;
    for (const { kind, about } of checkView(view, this.#told, this.#floor)) {
      this.faults.push({ kind, about: `${this.name}: ${about}` });
    }
    this.#floor = Math.max(this.#floor, view.state.version);
  }

  /** Undefined while something is loading, or shows that the server could not answer. */
  #view(): View | undefined {
    const { sync } = this.#client;
    const { results, status, error } = this.#pages.rows();
    const answers = Object.values(this.#keys).map((key) => sync.result(key).data);
    if (error || status === "LoadingFirstPage" || answers.some((data) => data === undefined)) return undefined;
    const [state, mine, slow] = answers as [BranchState, Mine, BranchState | undefined];
    return { state, mine, slow, rows: results as Transfer[] };
  }
}
