import { expect } from "vitest";
import { WebSocket } from "ws";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { silent } from "../support/silent.ts";

/** Clients of one room. */
const ROOM = 20;

export interface Note {
  id: number;
  text: string;
}

export interface StoredNote extends Note {
  room: string;
}

interface Member {
  readonly client: ConvexClient;
  readonly room: string;
  readonly name: string;
  /** Undefined until it has an answer. */
  notes: Note[] | undefined;
}

/** Many clients of one server: each watches its room, and adds notes that no other client adds. */
export class Crowd {
  readonly members: Member[] = [];
  /** Texts of notes whose `add` resolved, in the order called, by the name of the client. */
  readonly acknowledged = new Map<string, string[]>();
  readonly refused: unknown[] = [];
  /** The first reconnect delay of each client that lost its connection, in milliseconds. */
  readonly returns = new Map<string, number>();
  acknowledgements = 0;
  readonly #url: string;
  #calls: Promise<void>[] = [];

  constructor(url: string, size: number) {
    this.#url = url;
    for (let i = 0; i < size; i++) {
      const client = new ConvexClient(url, { logger: silent, webSocketConstructor: WebSocket as never });
      const member: Member = { client, room: `room ${Math.floor(i / ROOM)}`, name: String(i), notes: undefined };
      this.members.push(member);
      client.watchQuery("notes:list", { room: member.room }, ({ data }) => {
        if (data) member.notes = data as Note[];
      });
      client.subscribeToConnectionState(() => {
        const { state, retryAt } = client.connectionState();
        if (state !== "waiting" || this.returns.has(member.name)) return;
        this.returns.set(member.name, (retryAt ?? 0) - Date.now());
      });
    }
  }

  /** Makes so many clients, spread evenly over the rooms, add a note; the first by `mutation`. */
  add(round: number, writers: number, mutation = "notes:add"): void {
    const every = this.members.length / writers;
    for (let i = 0; i < writers; i++) {
      const { client, room, name } = this.members[Math.floor(i * every)] as Member;
      const text = `${name}.${round}`;
      const call = client.mutation(i === 0 ? mutation : "notes:add", { room, text }).then(
        () => {
          this.acknowledgements++;
          this.acknowledged.set(name, [...(this.acknowledged.get(name) ?? []), text]);
        },
        (error: unknown) => {
          this.refused.push(error);
        },
      );
      this.#calls.push(call);
    }
  }

  /** Resolves when every call has succeeded or failed. */
  async called(): Promise<void> {
    await Promise.all(this.#calls.splice(0));
  }

  /** Is each client connected, and has each an answer? */
  get isOpen(): boolean {
    return this.members.every(({ client, notes }) => notes && client.connectionState().state === "open");
  }

  /** How many clients are in which connection state. */
  describeStates(): string {
    const states = Object.entries(Object.groupBy(this.members, ({ client }) => client.connectionState().state));
    return states.map(([state, members]) => `${members?.length} are ${state}`).join(", ");
  }

  /** What the server reads from its database now. */
  async readAll(): Promise<StoredNote[]> {
    const response = await fetch(`${this.#url}/api/convex/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: "notes:all", args: {} }),
    });
    return ((await response.json()) as { value: StoredNote[] }).value;
  }

  /** Do all clients show these notes? */
  showsAll(stored: readonly StoredNote[]): boolean {
    const text = (notes: readonly Note[]) => notes.map(({ id, text }) => `${id}:${text}`).join();
    const byRoom = Map.groupBy(stored, ({ room }) => room);
    return this.members.every(({ room, notes }) => text(notes ?? []) === text(byRoom.get(room) ?? []));
  }

  /** Each acknowledged note is stored once, in the order called, and no note that was not added. */
  checkOnce(stored: readonly StoredNote[]): void {
    const texts = stored.filter(({ room }) => room.startsWith("room ")).map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.length).toBe(this.acknowledgements);
    const byName = Map.groupBy(texts, (text) => text.slice(0, text.indexOf(".")));
    expect(byName).toEqual(this.acknowledged);
  }

  async close(): Promise<void> {
    for (const { client } of this.members) await client.close();
  }
}
