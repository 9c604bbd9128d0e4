import { primaryKeyOf, type SchemaSnapshot, shownTable } from "../snapshot/snapshot.ts";

/** PostgreSQL converts few types into others unless it is told how, also where there is no row to convert. */
export function convertingByText(statement: string): string {
  return statement.replace(
    /^(ALTER TABLE .* ALTER COLUMN ("(?:[^"]|"")+") SET DATA TYPE )((?:(?!\bUSING\b).)*?);?$/s,
    "$1$3 USING $2::text::$3;",
  );
}

/**
 * For the name of a key drizzle-kit's plan has a comment, to be completed by hand. And what was part of a key stays
 * required, which the schema may not want.
 */
export function droppingKeys(
  statements: readonly string[],
  from: SchemaSnapshot,
  to: SchemaSnapshot,
  nameOfKey: (table: string) => string | undefined,
): string[] {
  const optional: string[] = [];
  const named = statements.map((statement) => {
    const [, of, constraint] = /(?:^|-- )ALTER TABLE (\S+) DROP CONSTRAINT "([^"]*)";$/.exec(statement) ?? [];
    const [key = "", before] = Object.entries(from.tables).find(([, table]) => shownTable(table) === of) ?? [];
    const name = of && nameOfKey(of);
    if (!before || !name || (constraint !== "<constraint_name>" && constraint !== name)) return statement;
    const after = to.tables[key];
    const free = primaryKeyOf(before).filter(
      (column) => after?.columns[column]?.notNull === false && !primaryKeyOf(after).includes(column),
    );
    optional.push(...free.map((column) => `ALTER TABLE ${of} ALTER COLUMN "${column}" DROP NOT NULL;`));
    return `ALTER TABLE ${of} DROP CONSTRAINT "${name}";`;
  });
  return [...named, ...optional];
}
