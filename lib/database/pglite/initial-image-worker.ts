/** The thread that initialises a database in memory and sends it back as a compressed archive. */
import { parentPort } from "node:worker_threads";
import { zstdCompressSync } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import { must } from "../../environment/assert.ts";

/** What the thread says when it is done. */
export interface ImageMade {
  bytes: Uint8Array;
}

const database = await PGlite.create();
// Two thirds of a new directory are the templates of further databases, of which PGlite serves none.
await database.exec("update pg_database set datistemplate = false");
await database.exec("drop database template0");
await database.exec("drop database template1");
await database.exec("checkpoint");
const archive = await database.dumpDataDir("none");
const bytes = new Uint8Array(zstdCompressSync(await archive.bytes()));
must(parentPort, "this file runs as a worker").postMessage({ bytes } satisfies ImageMade, [bytes.buffer]);
