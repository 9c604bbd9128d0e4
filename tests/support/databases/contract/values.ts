import { describe, expect, test } from "vitest";
import { inTransaction } from "../../../../lib/database/internal/database-lock.ts";
import type { DriverInUse } from "./driver-in-use.ts";

/** What the driver promises of values that are written and read. */
export function valuesTravel(use: DriverInUse): void {
  const { things, words } = use;

  describe("values", () => {
    test("are read as they were written: text of all Unicode planes, 64 bits, milliseconds, bytes, JSON, null", async () => {
      const rows = [
        {
          id: 7,
          name: "naïve 𝄞 👩‍👩‍👧 𐍈",
          big: 9_007_199_254_740_993n,
          at: new Date("2026-02-28T23:59:59.999Z"),
          raw: Uint8Array.from({ length: 256 }, (_, i) => i),
          plain: { a: [1, null, "ü 👍"] },
          tree: { nested: { list: [true, 1.5] } },
        },
        // A date in daylight saving time, the smallest 64-bit integer, JSON that is a string, and JSON that is a
        // number.
        {
          id: 8,
          name: "",
          big: -(2n ** 63n),
          at: new Date("2026-07-01T12:00:00.001Z"),
          raw: new Uint8Array(),
          plain: "a text",
          tree: 0,
        },
      ];
      await inTransaction(use.driver, "write", (connection) =>
        use
          .db(connection)
          .insert(things)
          .values([...rows, { id: 9 }])
          .execute(),
      );
      const found = await inTransaction(use.driver, "read", (connection) =>
        use.db(connection).select().from(things).orderBy(things.id),
      );
      const bytesAsBytes = found.map((row) => ({ ...row, raw: row.raw && new Uint8Array(row.raw) }));
      expect(bytesAsBytes.slice(0, 2)).toEqual(rows);
      expect(found[2]).toEqual({ id: 9, name: null, big: null, at: null, raw: null, plain: null, tree: null });
      const related = await inTransaction(use.driver, "read", (connection) =>
        use.db(connection).query.things.findMany({ orderBy: (things, { asc }) => asc(things.id) }),
      );
      expect(related).toEqual(found);
    });

    test("of time mean the same time to the database", async () => {
      const at = new Date("2026-07-01T12:00:00.123Z");
      await inTransaction(use.driver, "write", (connection) =>
        use.db(connection).insert(things).values({ id: 1, at }).execute(),
      );
      const [row] = await inTransaction(use.driver, "read", (connection) => connection.execute(words.reckoned));
      expect(Number(row?.at)).toBe(at.getTime());
    });

    test("with quotes, backslashes and placeholders stay text", async () => {
      const name = `' " \\ \\' \0? $1 -- /* ; \` %`.replace(use.driver.dialect === "pg" ? "\0" : "", "");
      await inTransaction(use.driver, "write", async (connection) => {
        await use.db(connection).insert(things).values({ id: 1, name });
        await connection.change("insert into things (id, name) values ($1, $2)", [2, name]);
      });
      expect(await use.names()).toEqual([name, name]);
    });

    test("of the framework's own statements may be megabytes long", async () => {
      const long = "ä".repeat(2_000_000);
      const [row] = await inTransaction(use.driver, "read", (connection) =>
        connection.execute(words.echo, [long, 5, null]),
      );
      expect({ ...row, big: Number(row?.big) }).toEqual({ text: long, big: 5, missing: null });
    });
  });
}
