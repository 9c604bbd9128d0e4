import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { UnusableDatabaseError } from "../driver/database-errors.ts";
import { unreadableCertificate } from "../driver/open-errors.ts";

/** mysql2's option `ssl`; undefined for a connection without TLS. */
type Tls = { rejectUnauthorized: boolean; verifyIdentity?: true; ca?: string } | undefined;

/** What each mode means in MySQL's own client, or, in the second of two spellings, in PostgreSQL's. */
const modes: Readonly<Record<string, Tls>> = {
  disabled: undefined,
  disable: undefined,
  required: { rejectUnauthorized: false },
  require: { rejectUnauthorized: false },
  verify_ca: { rejectUnauthorized: true },
  "verify-ca": { rejectUnauthorized: true },
  verify_identity: { rejectUnauthorized: true, verifyIdentity: true },
  "verify-full": { rejectUnauthorized: true, verifyIdentity: true },
};

/** Names of parameters in lower case and without - and _, which other tools place differently. */
const MODE = "sslmode";
const AUTHORITY = new Set(["sslca", "sslrootcert"]);

/**
 * The address with its TLS parameters in mysql2's form. mysql2 knows `?ssl={…}` only: for any other parameter it logs
 * that the parameter is unknown, and connects without TLS.
 * @throws {UnusableDatabaseError} when the parameters are unknown, contradict each other, or ask for what MySQL cannot
 * do.
 */
export function withTlsOfMysql2(address: string): string {
  const url = new URL(address);
  let mode: string | undefined;
  let file: string | undefined;
  for (const [name, value] of [...url.searchParams]) {
    const plain = name.toLowerCase().replace(/[-_]/g, "");
    const own = plain === "ssl" ? modeOfSsl(value) : undefined;
    if (own === MYSQL2S) continue;
    if (plain === MODE || own) {
      const asked = own ?? value.toLowerCase();
      assertKnown(name, asked);
      if (mode !== undefined && mode !== asked) throw new UnusableDatabaseError(twice);
      mode = asked;
    } else if (AUTHORITY.has(plain)) file = value;
    else if (/ssl|tls/.test(plain)) throw new UnusableDatabaseError(`DATABASE_URL has ?${name}=…. ${choices}`);
    else continue;
    url.searchParams.delete(name);
  }
  if (mode === undefined && file === undefined) return address;
  if (url.searchParams.has("ssl")) throw new UnusableDatabaseError(twice);
  const tls = withAuthority(modes[mode ?? "verify_ca"], file);
  if (tls?.verifyIdentity && isIP(url.hostname.replace(/[[\]]/g, ""))) throw new UnusableDatabaseError(unnamed);
  if (tls) url.searchParams.set("ssl", JSON.stringify(tls));
  return url.href;
}

const MYSQL2S = "mysql2's";

/** The mode that `ssl=true` or `ssl=false` stands for, or `MYSQL2S` for mysql2's own values: JSON, or "Amazon RDS". */
function modeOfSsl(value: string): string {
  if (/^(true|1)$/i.test(value)) return "verify_identity";
  if (/^(false|0)$/i.test(value)) return "disabled";
  if (value === "Amazon RDS") return MYSQL2S;
  try {
    const settings: unknown = JSON.parse(value);
    if (typeof settings === "object" && settings !== null) return MYSQL2S;
  } catch {
    // Not JSON, so it is the name of a mode.
  }
  return value.toLowerCase();
}

function assertKnown(name: string, mode: string): void {
  if (Object.hasOwn(modes, mode)) return;
  const why = /^(preferred|prefer|allow)$/.test(mode)
    ? "That cannot be promised: a connection to MySQL is made with TLS or without, and does not fall back"
    : "That is an unknown mode";
  throw new UnusableDatabaseError(`DATABASE_URL has ?${name}=${mode}. ${why}. ${choices}`);
}

/** As in libpq and MySQL's client, a file of authorities turns the check of certificates on. */
function withAuthority(tls: Tls, file: string | undefined): Tls {
  if (!tls || file === undefined) return tls;
  try {
    return { ...tls, rejectUnauthorized: true, ca: readFileSync(file, "utf8") };
  } catch (error) {
    throw unreadableCertificate(file, error);
  }
}

const choices =
  "Write ?ssl-mode=disabled (no TLS), required (TLS without a check of the certificate), verify_ca (the certificate is " +
  "checked), or verify_identity (and the host's name in it). PostgreSQL's names work, too: ?sslmode=disable, require, " +
  "verify-ca or verify-full. ?ssl=true means verify_identity; ?ssl-ca=… or ?sslrootcert=… names the file of your own authority.";

const unnamed =
  "DATABASE_URL asks for a certificate with the host's name, and has an IP address instead. Write the host's name, or " +
  "?ssl-mode=verify_ca, which checks the certificate alone.";

const twice =
  "DATABASE_URL says in two ways whether to use TLS. Leave one of them: ?ssl-mode=…, ?ssl=true or ?ssl={…}.";
