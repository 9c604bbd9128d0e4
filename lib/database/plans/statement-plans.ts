import { Column, is, Name, Param, Placeholder, type Query, SQL, StringChunk, Table } from "drizzle-orm";

/** The most plans that are kept: more than the functions of an application have, but bounded. */
const MOST_PLANS = 1_024;
/** A statement with more values than this, such as an insert of many rows, is built by Drizzle each time. */
const MOST_VALUES = 256;
/** So is one whose shape takes more characters than this, such as one with values in `sql.raw`. */
const MOST_TEXT = 16_384;

/** What Drizzle has built for one shape of statement. */
interface Plan<Built extends Statement> {
  /** All of it but the statement, which holds values. */
  readonly rest: Omit<Built, "sql">;
  readonly sql: string;
  /** The values of the text, in its order: the number of a value of the statement, or what is the same for all. */
  readonly values: readonly (number | { readonly constant: unknown })[];
  /** The numbers of values that stood in the same place, in an object that is used twice. Of each two, one is written. */
  readonly same: readonly (readonly [number, number])[];
}

/** A statement, and what else Drizzle has built with it. */
interface Statement {
  readonly sql: SQL;
}

/** A value of a statement, and where it stands: `holder[at]`. */
interface Slot {
  readonly value: unknown;
  readonly holder: object;
  readonly at: string | number;
  readonly encoder: { mapToDriverValue(value: unknown): unknown } | undefined;
}

/** A statement of which only the values differ from others: the same key means the same text. */
interface Shape {
  readonly key: string;
  readonly slots: readonly Slot[];
  /** Whether tables or columns in it were never seen before. An alias that is made anew for each statement always is. */
  readonly isNew: boolean;
}

/**
 * Keeps the text of statements that Drizzle has built. Building one costs more than running it: a handler runs the same
 * few statements again and again, with other values.
 *
 * A statement is recognised by its shape: everything of it but its values. What is not understood completely is built by
 * Drizzle each time. For one dialect object, and so for one schema.
 */
export class StatementPlans {
  readonly #toQuery: (sql: SQL) => Query;
  readonly #plans = new Map<string, Plan<Statement>>();
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;

  /** @param toQuery Drizzle's own way from a statement to its text. */
  constructor(toQuery: (sql: SQL) => Query) {
    this.#toQuery = toQuery;
  }

  /**
   * @param kind Names what `build` makes of `parts`.
   * @param parts All that the statement is made of.
   * @param build Builds it by Drizzle. It must not depend on anything else that may change.
   * @returns what has been built for another statement of its shape, with this statement; or for this one.
   */
  find<Parts extends object, Built extends Statement>(
    kind: string,
    parts: Parts,
    build: (parts: Parts) => Built,
  ): Built {
    const shape = new ShapeReader((object) => this.#idOf(object)).read(kind, parts);
    const plan = shape && this.#planOf(shape, () => build(parts));
    if (!plan) return build(parts);
    const now = copyOf(parts);
    const sql = new PlannedSql(
      () => filled(plan, shape.slots),
      () => build(now).sql,
    );
    return { ...(plan.rest as Built), sql };
  }

  #planOf<Built extends Statement>(shape: Shape, build: () => Built): Plan<Built> | undefined {
    const known = this.#plans.get(shape.key);
    if (known && fits(known, shape.slots)) return known as Plan<Built>;
    const plan = shape.isNew ? undefined : this.#make(shape, build);
    if (plan) this.#keep(shape.key, plan);
    return plan;
  }

  /** @returns undefined when the values of this statement cannot be taken out of it for a moment. */
  #make<Built extends Statement>({ slots }: Shape, build: () => Built): Plan<Built> | undefined {
    const placeholders = slots.map((_, i) => new Placeholder(String(i)));
    try {
      for (const [i, { holder, at }] of slots.entries()) Reflect.set(holder, at, placeholders[i]);
      const put = slots.map(({ holder, at }) => Reflect.get(holder, at));
      // Any of them may be frozen.
      if (!put.every((value) => value instanceof Placeholder)) return undefined;
      const same = put.flatMap(({ name }, i) => (Number(name) === i ? [] : [[i, Number(name)] as const]));
      const { sql: statement, ...rest } = build();
      const { sql, params } = this.#toQuery(statement);
      const values = params.map((param) => {
        const placeholder = is(param, Param) ? param.value : param;
        return is(placeholder, Placeholder) ? Number(placeholder.name) : { constant: param };
      });
      return { rest, sql, values, same };
    } finally {
      for (const { holder, at, value } of slots) Reflect.set(holder, at, value);
    }
  }

  #keep(key: string, plan: Plan<Statement>): void {
    this.#plans.set(key, plan);
    if (this.#plans.size <= MOST_PLANS) return;
    for (const oldest of this.#plans.keys()) {
      this.#plans.delete(oldest);
      break;
    }
  }

  /** Negative when it was never seen before. */
  #idOf(object: object): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    this.#ids.set(object, ++this.#lastId);
    return -this.#lastId;
  }
}

/** A statement whose text is known. Where Drizzle needs its parts, as in a subquery, they are built then. */
export class PlannedSql extends SQL {
  readonly #fill: () => Query | undefined;
  readonly #build: () => SQL;
  #chunks: SQL["queryChunks"] | undefined;

  /**
   * @param fill The text with the values of this statement; undefined when Drizzle must make it.
   * @param build The same statement, built by Drizzle.
   */
  constructor(fill: () => Query | undefined, build: () => SQL) {
    super([]);
    this.#fill = fill;
    this.#build = build;
    Object.defineProperty(this, "queryChunks", { get: () => this.#parts });
  }

  /** Undefined when Drizzle must make it: also once the parts have been given out, for they may have been changed. */
  get query(): Query | undefined {
    return this.#chunks || writesValues(this) ? undefined : this.#fill();
  }

  get #parts(): SQL["queryChunks"] {
    this.#chunks ??= this.#build().queryChunks;
    return this.#chunks;
  }
}

/** The parts that Drizzle's builders go on changing; the others they replace. */
const GROWING = ["fields", "joins", "setOperators", "onConflict"];

function copyOf<Parts extends object>(parts: Parts): Parts {
  const copy = { ...parts } as Record<string, unknown>;
  for (const name of GROWING) {
    const part = copy[name];
    if (Array.isArray(part)) copy[name] = part.slice();
    else if (isPlain(part)) copy[name] = { ...part };
  }
  return copy as Parts;
}

/** Whether what was the same for the plan is the same here. */
function fits({ same }: Plan<Statement>, slots: readonly Slot[]): boolean {
  return same.every(([i, j]) => {
    const [one, other] = [slots[i], slots[j]] as [Slot, Slot];
    return one.holder === other.holder && one.at === other.at;
  });
}

/** The text of a plan with these values; undefined when one of them is written as SQL. */
function filled({ sql, values }: Plan<Statement>, slots: readonly Slot[]): Query | undefined {
  const params: unknown[] = [];
  for (const from of values) {
    if (typeof from !== "number") {
      params.push(from.constant);
      continue;
    }
    const { value, encoder } = slots[from] as Slot;
    const mapped = value === null || encoder === undefined ? value : encoder.mapToDriverValue(value);
    if (typeof mapped === "object" && is(mapped, SQL)) return undefined;
    params.push(mapped);
  }
  return { sql, params };
}

/** Reads the shape of one statement. */
class ShapeReader {
  readonly #idOf: (object: object) => number;
  #key = "";
  #isNew = false;
  readonly #slots: Slot[] = [];

  constructor(idOf: (object: object) => number) {
    this.#idOf = idOf;
  }

  /** @returns undefined when something in it is not known here, or there is too much of it. */
  read(kind: string, parts: object): Shape | undefined {
    this.#key = kind;
    if (!this.#readFields(parts as Record<string, unknown>) || this.#key.length > MOST_TEXT) return undefined;
    return { key: this.#key, slots: this.#slots, isNew: this.#isNew };
  }

  /** Reads what decides about the text. @returns whether it was understood. */
  #read(part: unknown): boolean {
    switch (typeof part) {
      case "undefined":
        this.#key += "u";
        return true;
      case "boolean":
      case "number":
        this.#key += `${part};`;
        return true;
      case "string":
        this.#key += `"${part.length} ${part}`;
        return true;
      case "object":
        return this.#readObject(part);
      default:
        return false;
    }
  }

  #readObject(part: object | null): boolean {
    if (part === null) {
      this.#key += "n";
      return true;
    }
    if (Array.isArray(part)) return this.#readList(part);
    return isPlain(part) ? this.#readFields(part) : this.#readEntity(part);
  }

  /** Reads an object of Drizzle's. */
  #readEntity(part: object): boolean {
    if (part instanceof Param) return this.#readParam(part);
    if (part instanceof SQL) return this.#readSql(part);
    if (part instanceof StringChunk) return part.value.length === 1 && this.#readText("'", part.value[0]);
    if (part instanceof Column || part instanceof Table) return this.#readId(part);
    if (part instanceof Name) return this.#readText("i", part.value);
    return part instanceof SQL.Aliased && this.#readAliased(part);
  }

  /** Where it has been selected in a subquery, only its name is written. */
  #readAliased({ sql, fieldAlias, ...rest }: SQL.Aliased): boolean {
    const { isSelectionField } = rest as { isSelectionField?: boolean };
    return this.#readText(isSelectionField ? "s" : "a", fieldAlias) && this.#read(sql);
  }

  #readFields(fields: Record<string, unknown>): boolean {
    this.#key += "{";
    for (const name in fields) {
      this.#key += `${name.length} ${name}`;
      if (!this.#read(fields[name])) return false;
    }
    this.#key += "}";
    return true;
  }

  #readList(list: readonly unknown[]): boolean {
    this.#key += `[${list.length} `;
    for (const part of list) if (!this.#read(part)) return false;
    return true;
  }

  #readText(kind: string, text: unknown): boolean {
    if (typeof text !== "string") return false;
    this.#key += `${kind}${text.length} ${text}`;
    return true;
  }

  #readId(object: object): boolean {
    const id = this.#idOf(object);
    this.#isNew ||= id < 0;
    this.#key += `#${Math.abs(id)};`;
    return true;
  }

  #readSql(sql: SQL): boolean {
    if (writesValues(sql) || sql.constructor !== SQL) return false;
    const { queryChunks: chunks } = sql;
    this.#key += `(${chunks.length} `;
    for (const [i, chunk] of chunks.entries()) if (!this.#readChunk(chunk, chunks, i)) return false;
    return true;
  }

  #readChunk(chunk: unknown, chunks: readonly unknown[], i: number): boolean {
    if (isValue(chunk)) return this.#add({ value: chunk, holder: chunks, at: i, encoder: undefined });
    return chunk === undefined ? this.#read(chunk) : this.#readInner(chunk);
  }

  /** What is written within a template. The plain values of a list stand in the caller's own, which is left alone. */
  #readInner(chunk: unknown): boolean {
    if (typeof chunk !== "object" || chunk === null) return false;
    if (!Array.isArray(chunk)) return this.#readEntity(chunk);
    this.#key += `[${chunk.length} `;
    return chunk.every((inner) => this.#readInner(inner));
  }

  #readParam(param: Param): boolean {
    const { value, encoder } = param;
    if (typeof value === "object" && value !== null && (is(value, Placeholder) || is(value, SQL))) return false;
    return this.#add({ value, holder: param, at: "value", encoder });
  }

  #add(slot: Slot): boolean {
    this.#key += "$";
    return this.#slots.push(slot) <= MOST_VALUES;
  }
}

function isPlain(part: unknown): part is Record<string, unknown> {
  if (typeof part !== "object" || part === null) return false;
  const prototype = Object.getPrototypeOf(part);
  return prototype === Object.prototype || prototype === null;
}

/** Whether the values of this part are written into the text: a method that Drizzle's types omit. */
function writesValues(sql: SQL): boolean {
  return (sql as unknown as { shouldInlineParams: boolean }).shouldInlineParams;
}

/** Whether Drizzle sends this part of a statement as a value, as it is. */
function isValue(chunk: unknown): boolean {
  if (chunk === null) return true;
  if (typeof chunk === "object") return chunk instanceof Date || chunk instanceof Uint8Array;
  return typeof chunk !== "undefined" && typeof chunk !== "function" && typeof chunk !== "symbol";
}
