import { AsyncLocalStorage } from "node:async_hooks";
import { resolve } from "node:path";
import nextEnv from "@next/env";
import { z } from "zod";

/** What the environment says, after `.env*` files were read as Next reads them. */
export interface Settings {
  /** Not `NODE_ENV=production`. */
  readonly development: boolean;
  /** Where to listen. */
  readonly port: number;
  readonly host: string;
  /** Undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Reserved for more than one server. */
  readonly redisUrl: string | undefined;
  /** Believe `X-Forwarded-Host`, `-Proto` and `-For`: set it behind a proxy that sets them itself, and only there. */
  readonly trustProxy: boolean;
  /** The code of the plan for the database that `convex-lite dev --accept` accepts. */
  readonly acceptedPlan?: string | undefined;
}

/** The environment is not usable. The message says which variable, what was expected and what was found. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const url = (example: string) =>
  z.string().refine((text) => URL.canParse(text), { error: `expected a URL such as ${example}` });

const environment = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: "expected a port, 0 to 65535" })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: "expected a port, 0 to 65535" })
    .default(3000),
  HOST: z
    .string()
    .regex(/^[\w.:[\]-]+$/, { error: "expected a host name or address, such as localhost or 0.0.0.0" })
    .default("localhost"),
  DATABASE_URL: url("postgres://user:password@host:5432/name").optional(),
  REDIS_URL: url("redis://host:6379").optional(),
  TRUST_PROXY: z
    .enum(["0", "1"], { error: "expected 1 or 0" })
    .default("0")
    .transform((flag) => flag === "1"),
  CONVEX_LITE_ACCEPT: z.string().optional(),
});

/**
 * Reads `.env*` files into `process.env`, then the variables this process is run with.
 * @param directory Where the `.env*` files are.
 * @throws {SettingsError} when a variable cannot be used.
 */
export function readSettings(directory = process.cwd()): Settings {
  const development = process.env.NODE_ENV !== "production";
  // Next and React decide by it, and differ from each other where it is missing.
  Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV || "development" });
  // Next's modules look for it when they are first loaded. A function that imports one may do that before Next does.
  Object.assign(globalThis, { AsyncLocalStorage });
  process.env.NEXT_TELEMETRY_DISABLED ??= "1";
  nextEnv.loadEnvConfig(resolve(directory), development);
  return parseSettings(process.env, development);
}

/** @throws {SettingsError} */
export function parseSettings(variables: Record<string, string | undefined>, development: boolean): Settings {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(parsed.error.issues.map((issue) => printIssue(issue, given)).join("\n"));
  }
  const { PORT, HOST, DATABASE_URL, REDIS_URL, TRUST_PROXY, CONVEX_LITE_ACCEPT } = parsed.data;
  return {
    development,
    port: PORT,
    host: HOST,
    databaseUrl: DATABASE_URL,
    redisUrl: REDIS_URL,
    trustProxy: TRUST_PROXY,
    acceptedPlan: CONVEX_LITE_ACCEPT,
  };
}

function printIssue({ path, message }: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(path[0]);
  // URLs hold passwords: what was found is not shown.
  const found = name.endsWith("_URL") ? "a text that is no URL" : JSON.stringify(given[name]);
  return `${name}: ${message}. Found ${found}.`;
}
