import { primaryKeyOf, type SchemaSnapshot, shownTable } from "../snapshot/snapshot.ts";

/** Adds "using" to a change of type: without it PostgreSQL refuses most conversions, even of a table without rows. */
export function convertingByText(statement: string): string {
  return statement.replace(
    /^(ALTER TABLE .* ALTER COLUMN ("(?:[^"]|"")+") SET DATA TYPE )((?:(?!\bUSING\b).)*?);?$/s,
    "$1$3 USING $2::text::$3;",
  );
}

/**
 * Completes statements that drop a primary key. drizzle-kit leaves out the name of the key, in a comment to be
 * completed by hand. It also leaves the key's columns required, even if the schema makes them optional.
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
