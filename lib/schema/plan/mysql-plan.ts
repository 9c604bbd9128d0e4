import {
  type ColumnSnapshot,
  primaryKeyOf,
  type SchemaSnapshot,
  sharedTables,
  type TableSnapshot,
} from "../snapshot/snapshot.ts";

/**
 * Orders statements for numbered columns. MySQL numbers only columns of a key: `auto_increment` is removed before the
 * key is dropped, and added after the key is made.
 */
export function numberingKeysOnly(statements: readonly string[], from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  const numbered = (table: TableSnapshot | undefined): ColumnSnapshot[] =>
    Object.values(table?.columns ?? {}).filter(({ autoincrement }) => autoincrement);
  const modify = (table: string, { name, type }: ColumnSnapshot, more = ""): string =>
    `ALTER TABLE \`${table}\` MODIFY COLUMN \`${name}\` ${type}${more} NOT NULL;`;
  const tables = (change: string): Set<string> =>
    new Set(
      statements.flatMap(
        (each) => new RegExp(`^ALTER TABLE \`(.*?)\` .*\\b${change} PRIMARY KEY`, "s").exec(each)?.[1] ?? [],
      ),
    );
  const added = tables("ADD");
  const begins = (statement: string): boolean => {
    const table = /^ALTER TABLE `(.*?)` MODIFY COLUMN .*\bAUTO_INCREMENT\b/s.exec(statement)?.[1];
    return table !== undefined && added.has(table);
  };
  const stop = [...tables("DROP")].flatMap((table) =>
    numbered(from.tables[table]).map((column) => modify(table, column)),
  );
  const begin = [...added].flatMap((table) => {
    const before = numbered(from.tables[table]).map(({ name }) => name);
    const again = numbered(to.tables[table]).filter(({ name }) => before.includes(name));
    return again.map((column) => modify(table, column, " AUTO_INCREMENT"));
  });
  const rest = statements.filter((statement) => !begins(statement));
  // Foreign keys are dropped first: MySQL refuses to drop a column or an index that one needs.
  const unties = (statement: string): boolean => /^ALTER TABLE `.*?` DROP FOREIGN KEY /.test(statement);
  return [
    ...rest.filter(unties),
    ...stop,
    ...rest.filter((each) => !unties(each)),
    ...new Set([...statements.filter(begins), ...begin]),
  ];
}

/**
 * Makes columns of a dropped key optional, at the end: as long as the key exists they are required. drizzle-kit does it
 * too early, or not at all.
 */
export function freeingLast(statements: readonly string[], from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  const freed = sharedTables(from, to).flatMap(([before, after]) => {
    const stays = primaryKeyOf(after);
    return primaryKeyOf(before).flatMap((name) => {
      const column = after.columns[name];
      return column && !column.notNull && !stays.includes(name) ? [{ table: after.name, column }] : [];
    });
  });
  const beginnings = freed.map(({ table, column }) => `ALTER TABLE \`${table}\` MODIFY COLUMN \`${column.name}\` `);
  const rest = statements.filter(
    (statement) => / NOT NULL;$/.test(statement) || !beginnings.some((each) => statement.startsWith(each)),
  );
  const last = freed.map(({ column: { type, default: value, onUpdate } }, i) => {
    const more = `${value === undefined ? "" : ` DEFAULT ${value}`}${onUpdate ? " ON UPDATE CURRENT_TIMESTAMP" : ""}`;
    return (
      statements.findLast((each) => each.startsWith(beginnings[i] ?? "") && !rest.includes(each)) ??
      `${beginnings[i]}${type}${more};`
    );
  });
  return [...rest, ...last];
}
