import type { ColumnSnapshot, SchemaSnapshot, TableSnapshot } from "../snapshot/snapshot.ts";

/**
 * Makes drizzle-kit rebuild tables that SQLite cannot alter. SQLite adds and drops columns only within narrow limits,
 * which drizzle-kit does not know. So the snapshot before the change is marked with one more change, for which
 * drizzle-kit rebuilds the table.
 */
export function mustRebuild(from: SchemaSnapshot, to: SchemaSnapshot): SchemaSnapshot {
  const tables = Object.entries(from.tables).map(([key, before]) => {
    const after = to.tables[key];
    const [column] = Object.values(before.columns).filter(({ name }) => after?.columns[name]);
    if (!after || !column || !isBeyondAltering(before, after)) return [key, before] as const;
    const marked = { ...column, notNull: after.columns[column.name]?.notNull === false };
    return [key, { ...before, columns: { ...before.columns, [column.name]: marked } }] as const;
  });
  return { ...from, tables: Object.fromEntries(tables) };
}

function isBeyondAltering(before: TableSnapshot, after: TableSnapshot): boolean {
  const added = Object.values(after.columns).filter(({ name }) => !before.columns[name]);
  const refers = ({ name }: ColumnSnapshot): boolean =>
    Object.values(after.foreignKeys).some(({ columnsFrom }) => columnsFrom.includes(name));
  return (
    Object.keys(before.columns).some((name) => !after.columns[name]) ||
    added.some(
      (column) =>
        column.generated?.type === "stored" ||
        (column.default !== undefined && (refers(column) || String(column.default).startsWith("("))) ||
        /current_(time|date|timestamp)/i.test(String(column.default)),
    )
  );
}

/**
 * Corrects drizzle-kit's statements that rebuild a table. They copy all columns of the new table, even those that the
 * old one lacks. They lose the number that the old table has reached. And they turn foreign keys off, which does
 * nothing within a transaction: `begin("define")` has done it already.
 */
export function copyingWhatIsThere(statement: string, from: SchemaSnapshot, to: SchemaSnapshot): string[] {
  if (/^PRAGMA foreign_keys\s*=/i.test(statement)) return [];
  const table = /^INSERT INTO `__new_(.*?)`\(.*\) SELECT .* FROM `\1`;?$/s.exec(statement)?.[1];
  if (table === undefined) return [statement];
  const columns = Object.values(to.tables[table]?.columns ?? {})
    .filter(({ name, generated }) => from.tables[table]?.columns[name] && !generated)
    .map(({ name }) => `"${name.replaceAll('"', '""')}"`)
    .join(", ");
  return [
    ...(isNumbered(from.tables[table]) && isNumbered(to.tables[table]) ? [numberingOn(table)] : []),
    ...(columns === "" ? [] : [`INSERT INTO \`__new_${table}\`(${columns}) SELECT ${columns} FROM \`${table}\`;`]),
  ];
}

function isNumbered(table: TableSnapshot | undefined): boolean {
  return Object.values(table?.columns ?? {}).some(({ autoincrement }) => autoincrement);
}

/**
 * Keeps the number that a table has reached, so that numbers of deleted rows are not used again. Runs before the copy.
 */
function numberingOn(table: string): string {
  const [old, fresh] = [table, `__new_${table}`].map((name) => `'${name.replaceAll("'", "''")}'`);
  return `INSERT INTO sqlite_sequence(name, seq) SELECT ${fresh}, seq FROM sqlite_sequence WHERE name = ${old};`;
}
