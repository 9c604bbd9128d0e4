import { AsyncLocalStorage } from "node:async_hooks";
import { resolve } from "node:path";
import nextEnv from "@next/env";
import { z } from "zod";

/** The settings of a server: environment variables, and `.env*` files as Next reads them. */
export interface Settings {
  /** False if `NODE_ENV` is `production`. */
  readonly development: boolean;
  /**
   * `PORT`: the TCP port on which the server listens; 0 lets the system choose one.
   * @default 3000
   */
  readonly port: number;
  /**
   * `HOST`: the host name or address on which the server listens; `0.0.0.0` means every address of the machine.
   * @default "localhost"
   */
  readonly host: string;
  /** `DATABASE_URL`: the address of the database. Undefined means the embedded database. */
  readonly databaseUrl: string | undefined;
  /** `REDIS_URL`: not used by this version; reserved for several servers on one database. */
  readonly redisUrl: string | undefined;
  /**
   * `TRUST_PROXY`: how many proxies stand in front of the server. Their headers `X-Forwarded-Host`, `-Proto`, `-Port` and
   * `-For` are believed; with 0 they are not read. Count only proxies that write these headers themselves.
   * @default 0
   */
  readonly trustProxy: number;
  /**
   * `ALLOWED_HOSTS=app.test,*.lan.test`: further names by which the server may be called in development, in lower case.
   * `*.lan.test` covers every subdomain of `lan.test`. In production every name is served.
   * @default []
   */
  readonly allowedHosts: readonly string[];
  /**
   * `CONVEX_LITE_ADMIN=1`: in production, too, `convex-lite run` may run any function: it needs the token in
   * `.convex/server.json`. In development it always may.
   * @default false
   */
  readonly admin?: boolean | undefined;
  /** The code of the database plan that `convex-lite dev --accept CODE` accepts. Undefined when it was not given. */
  readonly acceptedPlan?: string | undefined;
}

/** An environment variable cannot be used. The message names it, and says what was expected and what was found. */
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
    .string()
    .regex(/^\d{1,2}$/, { error: "expected the number of proxies in front, such as 1" })
    .transform(Number)
    .default(0),
  ALLOWED_HOSTS: z
    .string()
    .regex(/^\s*(\*\.)?[\w.-]+(\s*,\s*(\*\.)?[\w.-]+)*\s*$/, {
      error: "expected host names without a port, such as app.test,*.lan.test",
    })
    .transform((names) =>
      names
        .toLowerCase()
        .trim()
        .split(/\s*,\s*/),
    )
    .default([]),
  CONVEX_LITE_ACCEPT: z.string().optional(),
  CONVEX_LITE_ADMIN: z.enum(["0", "1"], { error: "expected 1 or 0" }).default("0"),
});

/**
 * Loads the `.env*` files into `process.env`, as Next does, and reads the settings from it. Variables of the process win
 * over those of the files.
 * @param directory The folder of the `.env*` files. Default: the working directory.
 * @returns the settings, with defaults for variables that are not set or empty.
 * @throws {SettingsError} when a variable cannot be used.
 * @example
 * const settings = readSettings();
 * const http = await listen(settings);
 */
export function readSettings(directory = process.cwd()): Settings {
  const development = process.env.NODE_ENV !== "production";
  // Next and React both depend on it, and assume different values when it is not set.
  Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV || "development" });
  // Next's modules read it when they are first loaded, which a function's import may do before Next sets it.
  Object.assign(globalThis, { AsyncLocalStorage });
  process.env.NEXT_TELEMETRY_DISABLED ??= "1";
  nextEnv.loadEnvConfig(resolve(directory), development);
  return parseSettings(process.env, development);
}

/**
 * What `readSettings` will return in a server of development, which another process is about to start: leaves the
 * environment of this one as it is.
 * @throws {SettingsError}
 */
export function foreseeSettings(directory: string): Settings {
  const before = { ...process.env };
  Object.assign(process.env, { NODE_ENV: "development" });
  try {
    nextEnv.loadEnvConfig(resolve(directory), true, silent);
    return parseSettings(process.env, true);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

const silent = { info() {}, error() {} };

/** @throws {SettingsError} */
export function parseSettings(variables: Record<string, string | undefined>, development: boolean): Settings {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(parsed.error.issues.map((issue) => printIssue(issue, given)).join("\n"));
  }
  const { PORT, HOST, DATABASE_URL, REDIS_URL, TRUST_PROXY, ALLOWED_HOSTS } = parsed.data;
  return {
    development,
    port: PORT,
    host: HOST,
    databaseUrl: DATABASE_URL,
    redisUrl: REDIS_URL,
    trustProxy: TRUST_PROXY,
    allowedHosts: ALLOWED_HOSTS,
    acceptedPlan: parsed.data.CONVEX_LITE_ACCEPT,
    admin: parsed.data.CONVEX_LITE_ADMIN === "1",
  };
}

function printIssue({ path, message }: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(path[0]);
  // A URL may hold a password, so the value is not shown.
  const found = name.endsWith("_URL") ? "a text that is no URL" : JSON.stringify(given[name]);
  return `${name}: ${message}. Found ${found}.`;
}
