import type { z } from "zod";

/** How deep objects in objects are shown. */
const DEEPEST = 4;

/**
 * A zod schema as one line, as TypeScript would write what it accepts: `{ channel: string, n?: number }`.
 * A schema that only its author's code describes is `unknown`.
 */
export function describeSchema(schema: z.core.$ZodType | undefined): string {
  return schema === undefined ? "{}" : described(schema, 0);
}

/** The definition of a schema, as far as it is read here. Which of these are there depends on its `type`. */
interface Definition {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  innerType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  options?: z.core.$ZodType[];
  items?: z.core.$ZodType[];
  left?: z.core.$ZodType;
  right?: z.core.$ZodType;
  keyType?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  values?: unknown[];
  entries?: Record<string, string | number>;
  in?: z.core.$ZodType;
  getter?: () => z.core.$ZodType;
}

function described(schema: z.core.$ZodType, depth: number): string {
  const definition = schema._zod.def as unknown as Definition;
  const inner = (part: z.core.$ZodType | undefined) => (part ? described(part, depth) : "unknown");
  switch (definition.type) {
    case "object":
      return depth >= DEEPEST ? "{ … }" : objectText(definition.shape ?? {}, depth + 1);
    case "array":
      return `${inParentheses(inner(definition.element))}[]`;
    case "set":
      return `Set<${inner(definition.valueType)}>`;
    case "map":
      return `Map<${inner(definition.keyType)}, ${inner(definition.valueType)}>`;
    case "record":
      return `Record<${inner(definition.keyType)}, ${inner(definition.valueType)}>`;
    case "tuple":
      return `[${(definition.items ?? []).map(inner).join(", ")}]`;
    case "union":
      return unionOf((definition.options ?? []).map(inner));
    case "intersection":
      return `${inParentheses(inner(definition.left))} & ${inParentheses(inner(definition.right))}`;
    case "literal":
      return unionOf((definition.values ?? []).map(literal));
    case "enum":
      return unionOf(Object.values(definition.entries ?? {}).map(literal));
    case "nullable":
      return unionOf([inner(definition.innerType), "null"]);
    case "optional":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return inner(definition.innerType);
    case "pipe":
      return inner(definition.in);
    case "lazy":
      return depth >= DEEPEST || !definition.getter ? "…" : described(definition.getter(), depth + 1);
    case "date":
      return "Date";
    case "int":
      return "number";
    case "custom":
    case "transform":
      return "unknown";
    default:
      // Of the others zod's name is TypeScript's: string, number, bigint, boolean, null, undefined, any, unknown, never.
      return definition.type;
  }
}

function objectText(shape: Record<string, z.core.$ZodType>, depth: number): string {
  const fields = Object.entries(shape).map(([name, field]) => {
    const mark = field._zod.optin === undefined ? "" : "?";
    return `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}${mark}: ${described(field, depth)}`;
  });
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function unionOf(texts: readonly string[]): string {
  return [...new Set(texts)].join(" | ");
}

function inParentheses(text: string): string {
  return / [|&] /.test(text) && !text.startsWith("{") ? `(${text})` : text;
}

function literal(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? "undefined");
}
