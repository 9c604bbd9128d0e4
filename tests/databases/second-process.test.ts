import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inTransaction } from "../../lib/database/internal/database-lock.ts";
import { openDatabase } from "../../lib/database/open-database.ts";
import { thorough } from "../support/thorough.ts";

const TRIES = 20;
const log = { info() {}, warn() {}, error() {} };
const module = new URL("../../lib/database/open-database.ts", import.meta.url).href;

/** Opens the same database as another server would, and returns how that ended. */
const program = (options: object) => `
  const { openDatabase } = await import(${JSON.stringify(module)});
  const log = { info() {}, warn() {}, error() {} };
  const error = await openDatabase({ ...${JSON.stringify(options)}, schema: {}, log }).then(() => null, (error) => error);
  console.log(JSON.stringify({ message: error?.message }));
  process.exit(0);`;

async function secondProcess(options: object): Promise<{ message?: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await once(child, "close");
  return JSON.parse(said);
}

test.skipIf(!thorough).each(["PGlite", "SQLite"])(
  `a second process on %s is refused, ${TRIES} times, and every row is there${thorough ? "" : " (skipped: `pnpm test:databases` runs it)"}`,
  async (database) => {
    const folder = await mkdtemp(join(tmpdir(), "convex-lite-second-"));
    const url = database === "SQLite" ? `file:${join(folder, "app.sqlite")}` : undefined;
    const options = { directory: join(folder, "pglite"), ...(url && { url }) };
    const open = () => openDatabase({ url: undefined, ...options, schema: {}, log });
    const driver = await open();
    await inTransaction(driver, "define", (connection) => connection.execute("create table written (n integer)"));
    let written = 0;
    let isOver = false;
    const writing = (async () => {
      for (; !isOver; written++) {
        await inTransaction(driver, "write", (each) => each.execute("insert into written values ($1)", [written]));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    for (let i = 0; i < TRIES; i++) {
      const { message } = await secondProcess(options);
      expect(message).toContain(`process ${process.pid}`);
      expect(message).toContain("DATABASE_URL");
    }
    isOver = true;
    await writing;
    await driver.close();
    const again = await open();
    const rows = await inTransaction(again, "read", (each) => each.execute("select count(*) as rows from written"));
    expect(Number(rows[0]?.rows)).toBe(written);
    expect(written).toBeGreaterThan(TRIES);
    await again.close();
    await rm(folder, { recursive: true, force: true });
  },
);
