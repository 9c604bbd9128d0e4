import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { UnusableDatabaseError } from "../driver/database-errors.ts";
import { unreadableCertificate } from "../driver/open-errors.ts";

/** What mysql2 is to be told (its `ssl`); undefined for a connection in the clear. */
type Tls = { rejectUnauthorized: boolean; verifyIdentity?: true; ca?: string } | undefined;

/** What each word promises in MySQL's own client, or, of two spellings the second, in PostgreSQL's. */
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

/** Names of parameters, small and without - and _, as other tools write them in as many ways. */
const MODE = "sslmode";
const AUTHORITY = new Set(["sslca", "sslrootcert"]);

/**
 * The address as mysql2 understands it. It knows `?ssl={…}` alone: of everything else it would say in the log that it does
 * not know it, and connect in the clear.
 * @throws {UnusableDatabaseError} when nothing that was asked for can be promised.
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

/** `ssl=true` is short for a mode; settings in JSON, and its one name for such, are mysql2's. */
function modeOfSsl(value: string): string {
  if (/^(true|1)$/i.test(value)) return "verify_identity";
  if (/^(false|0)$/i.test(value)) return "disabled";
  if (value === "Amazon RDS") return MYSQL2S;
  try {
    const settings: unknown = JSON.parse(value);
    if (typeof settings === "object" && settings !== null) return MYSQL2S;
  } catch {
    // Then it is a word.
  }
  return value.toLowerCase();
}

function assertKnown(name: string, mode: string): void {
  if (Object.hasOwn(modes, mode)) return;
  const why = /^(preferred|prefer|allow)$/.test(mode)
    ? "That cannot be promised: a connection to MySQL is made with TLS or without, and does not fall back"
    : "Nobody knows what that is";
  throw new UnusableDatabaseError(`DATABASE_URL has ?${name}=${mode}. ${why}. ${choices}`);
}

/** As with libpq and MySQL's client, naming an authority has certificates checked. */
function withAuthority(tls: Tls, file: string | undefined): Tls {
  if (!tls || file === undefined) return tls;
  try {
    return { ...tls, rejectUnauthorized: true, ca: readFileSync(file, "utf8") };
  } catch (error) {
    throw unreadableCertificate(file, error);
  }
}

const choices =
  "Write ?ssl-mode=disabled (in the clear), required (TLS, whoever answers), verify_ca (the certificate is checked), or " +
  "verify_identity (and the host's name in it); in the words of PostgreSQL ?sslmode=disable, require, verify-ca or " +
  "verify-full. ?ssl=true is verify_identity, and ?ssl-ca=… or ?sslrootcert=… the file of an authority of your own.";

const unnamed =
  "DATABASE_URL asks for a certificate with the host's name, and names the host by a number. Write its name, or " +
  "?ssl-mode=verify_ca, which checks the certificate alone.";

const twice =
  "DATABASE_URL says in two ways whether to use TLS. Leave one of them: ?ssl-mode=…, ?ssl=true or ?ssl={…}.";
