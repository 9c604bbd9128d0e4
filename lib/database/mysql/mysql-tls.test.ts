import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeWithMysql } from "../../../tests/support/databases/with-mysql.ts";
import { inTransaction } from "../internal/database-lock.ts";
import { openMysql } from "./mysql-driver.ts";
import { withTlsOfMysql2 } from "./mysql-tls.ts";

const log = { info() {}, warn() {}, error() {} };
const directory = mkdtempSync(join(tmpdir(), "convex-lite-tls-"));
afterAll(() => rmSync(directory, { recursive: true }));
const authority = join(directory, "ca.pem");
writeFileSync(authority, "an authority");

const translated = (parameters: string, host = "db.example"): URL =>
  new URL(withTlsOfMysql2(`mysql://u%40:geh%2Feim@${host}:3306/app?${parameters}`));
/** The option `ssl` that mysql2 reads from the address. */
const ssl = (parameters: string, host?: string): unknown =>
  JSON.parse(translated(parameters, host).searchParams.get("ssl") ?? "null");

describe("TLS parameters of an address become mysql2's option:", () => {
  const encrypted = { rejectUnauthorized: false };
  const checked = { rejectUnauthorized: true };
  const named = { rejectUnauthorized: true, verifyIdentity: true };
  const ca = "an authority";
  const file = encodeURIComponent(authority);

  test.each([
    ["", null],
    ["charset=utf8mb4", null],
    ["sslmode=disable", null],
    ["ssl-mode=DISABLED", null],
    ["ssl=false", null],
    ["sslmode=require", encrypted],
    ["ssl-mode=REQUIRED", encrypted],
    ["ssl_mode=required", encrypted],
    ["sslMode=REQUIRED", encrypted],
    ["sslmode=verify-ca", checked],
    ["ssl-mode=VERIFY_CA", checked],
    ["sslmode=verify-full", named],
    ["ssl-mode=VERIFY_IDENTITY", named],
    ["ssl=true", named],
    ["ssl=1", named],
    [`sslrootcert=${file}`, { ...checked, ca }],
    [`sslmode=require&sslrootcert=${file}`, { ...checked, ca }],
    [`ssl-ca=${file}&ssl-mode=VERIFY_IDENTITY`, { ...named, ca }],
    [`sslmode=disable&ssl-ca=${file}`, null],
    ['ssl={"rejectUnauthorized":false}', encrypted],
  ])("?%s", (parameters, expected) => expect(ssl(parameters)).toEqual(expected));

  test("and nothing else in the address changes", () => {
    const { href } = translated("charset=utf8mb4&sslmode=require");
    expect(href).toMatch(/^mysql:\/\/u%40:geh%2Feim@db\.example:3306\/app\?charset=utf8mb4&ssl=/);
    expect(href).not.toContain("sslmode");
    expect(translated("ssl=Amazon%20RDS").searchParams.get("ssl")).toBe("Amazon RDS");
  });

  test.each([
    ["sslmode=prefer", "cannot be promised"],
    ["sslmode=allow", "cannot be promised"],
    ["ssl-mode=PREFERRED", "does not fall back. Write ?ssl-mode=disabled"],
    ["sslmode=bogus", "?sslmode=bogus. That is an unknown mode. Write ?ssl-mode=disabled"],
    ["sslmode=", "unknown mode"],
    ["sslmode=constructor", "unknown mode"],
    ["ssl=yes", "?ssl=yes. That is an unknown mode"],
    ['ssl={"ca":', "unknown mode"],
    ["useSSL=true", "DATABASE_URL has ?useSSL=…. Write ?ssl-mode=disabled"],
    ["tls=true", "DATABASE_URL has ?tls=…."],
    ["sslmode=require&ssl={}", "in two ways"],
    ["ssl=true&sslmode=require", "in two ways"],
    ["ssl-ca=/nowhere/ca.pem", "the certificate file /nowhere/ca.pem, which cannot be read (ENOENT)"],
    [`sslrootcert=${encodeURIComponent(directory)}`, "cannot be read (EISDIR)"],
  ])("parameters that cannot be kept are refused: ?%s", (parameters, words) => {
    expect(() => ssl(parameters)).toThrow(words);
    expect(() => ssl(parameters)).not.toThrow("geh");
  });

  test.each(["192.0.2.1", "[2001:db8::1]"])("a check of the host's name is refused for the IP address %s", (host) => {
    expect(() => ssl("ssl=true", host)).toThrow("has an IP address instead");
    expect(ssl("ssl-mode=verify_ca", host)).toEqual(checked);
  });
});

await describeWithMysql("TLS with MySQL or MariaDB", (server) => {
  const cipherWith = async (parameters: string): Promise<unknown> => {
    const driver = await openMysql({ url: `${server.url}?${parameters}`, schema: {}, log });
    try {
      return await inTransaction(driver, "read", async (connection) => {
        const [found] = await connection.execute("show status like 'Ssl_cipher'");
        return found?.Value;
      });
    } finally {
      await driver.close();
    }
  };
  const offersTls = async (): Promise<boolean> => {
    const driver = await openMysql({ url: server.url, schema: {}, log });
    const answers = await inTransaction(driver, "read", async (connection) => [
      // MariaDB answers the first, MySQL the second.
      ...(await connection.execute("show variables like 'have_ssl'")),
      ...(await connection.execute("show status like 'Current_tls_cert'")),
    ]);
    await driver.close();
    return answers.some(({ Value }) => Value === "YES" || /\.pem$/.test(String(Value)));
  };

  test("a connection that asks for TLS is encrypted, or fails and says that the server has none", async () => {
    if (await offersTls()) {
      expect(await cipherWith("sslmode=require")).toMatch(/^\w+/);
      expect(await cipherWith("sslmode=disable")).toBe("");
      // The server's certificate is signed by an authority that the server made itself.
      await expect(cipherWith("sslmode=verify-ca")).rejects.toThrow("certificate is not one to trust");
    } else {
      for (const parameters of ["sslmode=require", "ssl-mode=REQUIRED", 'ssl={"rejectUnauthorized":false}']) {
        await expect(cipherWith(parameters)).rejects.toThrow("the server has no TLS, which DATABASE_URL asks for");
      }
    }
  });
});
