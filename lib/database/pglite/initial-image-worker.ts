/** The worker thread that initialises a database in memory and posts it as a compressed archive. */
import { parentPort } from "node:worker_threads";
import { zstdCompressSync } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import { must } from "../../environment/assert.ts";

/** The message that the thread posts when it is done. */
export interface ImageMade {
  bytes: Uint8Array;
}

const database = await PGlite.create();
// The templates for further databases are two thirds of a new directory, and PGlite serves one database.
await database.exec("update pg_database set datistemplate = false");
await database.exec("drop database template0");
await database.exec("drop database template1");
await database.exec("checkpoint");
const archive = await database.dumpDataDir("none");
const bytes = new Uint8Array(zstdCompressSync(await archive.bytes()));
must(parentPort, "this file runs as a worker").postMessage({ bytes } satisfies ImageMade, [bytes.buffer]);
