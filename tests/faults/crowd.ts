import { ConvexClient } from "../../lib/client/convex-client.ts";

const silent = { info() {}, warn() {}, error() {} };
const ROOMS = 10;

export interface Note {
  id: number;
  text: string;
}

/** Many clients of one server: each watches its room and the total, and adds notes that nobody else adds. */
export class Crowd {
  readonly members: { client: ConvexClient; room: string; name: string; notes: Note[]; total: number }[] = [];
  /** Texts of notes whose `add` resolved, in the order called, by who called. */
  readonly acknowledged = new Map<string, string[]>();
  readonly refused: unknown[] = [];
  #calls: Promise<void>[] = [];

  constructor(url: string, size: number) {
    for (let i = 0; i < size; i++) {
      const client = new ConvexClient(url, { logger: silent });
      const member = { client, room: `room ${i % ROOMS}`, name: String(i), notes: [] as Note[], total: -1 };
      this.members.push(member);
      client.watchQueries(
        { notes: { query: "notes:list", args: { room: member.room } }, total: { query: "notes:total" } },
        ({ notes, total }) => {
          if (notes.data) member.notes = notes.data as Note[];
          if (total.data !== undefined) member.total = total.data as number;
        },
      );
    }
  }

  /** Everybody adds a note. */
  addAll(round: number): void {
    for (const { client, room, name } of this.members) {
      const text = `${name}.${round}`;
      const call = client.mutation("notes:add", { room, text }).then(
        () => {
          this.acknowledged.set(name, [...(this.acknowledged.get(name) ?? []), text]);
        },
        (error: unknown) => {
          this.refused.push(error);
        },
      );
      this.#calls.push(call);
    }
  }

  /** Resolves when every call has ended, one way or the other. */
  async called(): Promise<void> {
    await Promise.all(this.#calls.splice(0));
  }

  /** Is this what everybody shows? */
  showsAll(stored: readonly (Note & { room: string })[]): boolean {
    const byRoom = new Map<string, string>();
    for (const { room, id, text } of stored) byRoom.set(room, `${byRoom.get(room) ?? ""}${id}:${text};`);
    return this.members.every(
      ({ room, notes, total }) =>
        total === stored.length && notes.map(({ id, text }) => `${id}:${text};`).join("") === (byRoom.get(room) ?? ""),
    );
  }

  async close(): Promise<void> {
    for (const { client } of this.members) await client.close();
  }
}
