import type { Dialect } from "../../../../lib/database/driver/driver.ts";

/** For each dialect the text of a `convex/schema.ts` that uses as much of Drizzle as possible. */
export const richSchemas: Record<Dialect, string> = {
  pg: `
import * as d from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
export const mood = d.pgEnum("Mood of", ["it's", "so-so"]);
export const app = d.pgSchema("my_app");
export const level = app.enum("level", ["low", "high"]);
export const order = d.pgTable("order", {
  id: d.uuid().primaryKey().defaultRandom(), select: d.text("select").notNull().default("it's"), "createdAt": d.timestamp("createdAt", { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  price: d.numeric({ precision: 10, scale: 2 }).default("1.50"), tags: d.text().array().notNull().default(sql\`'{}'::text[]\`), data: d.jsonb().default({ a: [1, "x"] }), flag: d.boolean().notNull().default(false),
  big: d.bigint({ mode: "bigint" }).default(sql\`9007199254740993\`), real: d.real().default(1.5), day: d.date().default("2020-01-01"), span: d.interval(), char: d.char({ length: 3 }), at: d.time(),
  mood: mood().default("it's"), moods: mood().array(), number: d.serial(), twice: d.integer().generatedAlwaysAs(sql\`1 + 1\`), up: d.varchar({ length: 20 }),
}, (t) => [d.index("order_by_select").on(t.select.desc(), t.createdAt), d.uniqueIndex("order_once").on(sql\`lower(\${t.select})\`).where(sql\`\${t.flag}\`), d.unique("order_pair").on(t.select, t.day).nullsNotDistinct(), d.check("order_price", sql\`\${t.price} > 0 and \${t.select} <> 'x, (y'\`), d.index("order_tags").using("gin", t.tags)]);
export const line = app.table("line", {
  order: d.uuid().notNull().references(() => order.id, { onDelete: "cascade", onUpdate: "restrict" }), n: d.integer().generatedByDefaultAsIdentity({ startWith: 10, increment: 5 }), level: level().notNull().default("low"), parent: d.integer(),
}, (t) => [d.primaryKey({ columns: [t.order, t.n] }), d.foreignKey({ columns: [t.order, t.parent], foreignColumns: [t.order, t.n], name: "line_of_line" }).onDelete("set null")]);
export const flagged = d.pgView("flagged").as((qb) => qb.select({ id: order.id }).from(order).where(sql\`\${order.flag}\`));
export const counter = d.pgSequence("counter", { startWith: 7 });
export const aVeryLongNameOfATable = d.pgTable("a_very_long_name_of_a_table_that_is_longer_than_most", { anotherVeryLongNameOfAColumn: d.uuid("another_very_long_name_of_a_column").unique("short").references(() => order.id) });
`,
  sqlite: `
import * as d from "drizzle-orm/sqlite-core";
import { sql } from "drizzle-orm";
export const order = d.sqliteTable("order", {
  id: d.text().primaryKey(), select: d.text("select").notNull().default("it's"), createdAt: d.integer("createdAt", { mode: "timestamp_ms" }).notNull().default(sql\`(unixepoch() * 1000)\`),
  day: d.text().default(sql\`CURRENT_TIMESTAMP\`), price: d.numeric().default("1.50"), data: d.text({ mode: "json" }).default({ a: [1, "x"] }), flag: d.integer({ mode: "boolean" }).notNull().default(false),
  bytes: d.blob(), real: d.real().default(1.5), negative: d.integer().default(-3), twice: d.integer().generatedAlwaysAs(sql\`(length(id) * 2)\`), stored: d.integer().generatedAlwaysAs(sql\`(length(id) + 1)\`, { mode: "stored" }),
}, (t) => [d.index("order_by_select").on(t.select, t.createdAt), d.uniqueIndex("order_once").on(t.select, t.day).where(sql\`\${t.flag} = 1\`), d.unique("order_pair").on(t.day, t.real), d.check("order_price", sql\`\${t.price} > 0 and \${t.select} <> 'x, (y'\`)]);
export const line = d.sqliteTable("line", {
  order: d.text().notNull().references(() => order.id, { onDelete: "cascade", onUpdate: "restrict" }), n: d.integer().notNull(), parent: d.integer(),
}, (t) => [d.primaryKey({ columns: [t.order, t.n] }), d.foreignKey({ columns: [t.order, t.parent], foreignColumns: [t.order, t.n], name: "line_of_line" }).onDelete("set null")]);
export const flagged = d.sqliteView("flagged").as((qb) => qb.select({ id: order.id }).from(order).where(sql\`\${order.flag}\`));
`,
  mysql: `
import * as d from "drizzle-orm/mysql-core";
import { sql } from "drizzle-orm";
export const order = d.mysqlTable("order", {
  id: d.varchar({ length: 36 }).primaryKey(), select: d.varchar("select", { length: 50 }).notNull().default("it's"), createdAt: d.timestamp("createdAt", { fsp: 3 }).notNull().defaultNow(), changedAt: d.timestamp().onUpdateNow(),
  price: d.decimal({ precision: 10, scale: 2 }).default("1.50"), data: d.json(), flag: d.boolean().notNull().default(false), big: d.bigint({ mode: "bigint", unsigned: true }), real: d.double().default(1.5), day: d.date(), tiny: d.tinyint().default(3),
  mood: d.mysqlEnum(["it''s", "so-so"]).default("so-so"), twice: d.int().generatedAlwaysAs(sql\`1 + 1\`), stored: d.int().generatedAlwaysAs(sql\`char_length(\\\`select\\\`)\`, { mode: "stored" }), long: d.longtext(), bytes: d.varbinary({ length: 20 }), year: d.year(), name: d.varchar({ length: 36 }).default(sql\`(uuid())\`), ms: d.bigint({ mode: "number" }).default(sql\`((1 + 1) * (unix_timestamp() + 1))\`), bracketed: d.varchar({ length: 9 }).default("(x)"),
}, (t) => [d.index("order_by_select").on(t.select, t.createdAt), d.uniqueIndex("order_once").on(t.select, t.day), d.unique("order_pair").on(t.day, t.real), d.check("order_price", sql\`\${t.price} > 0 and \${t.select} <> 'x, (y'\`)]);
export const line = d.mysqlTable("line", {
  order: d.varchar({ length: 36 }).notNull().references(() => order.id, { onDelete: "cascade", onUpdate: "restrict" }), n: d.int().notNull(), parent: d.int(),
}, (t) => [d.primaryKey({ columns: [t.order, t.n] }), d.foreignKey({ columns: [t.order, t.parent], foreignColumns: [t.order, t.n], name: "line_of_line" })]);
export const flagged = d.mysqlView("flagged").as((qb) => qb.select({ id: order.id }).from(order).where(sql\`\${order.flag}\`));
`,
};
