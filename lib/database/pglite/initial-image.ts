import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { ImageMade } from "./initial-image-worker.ts";

/**
 * The file of an initialised, empty database, which is unpacked into each new directory. Initialising takes seconds, so
 * its result is kept in a cache of this user, under a name that holds PGlite's version.
 */
export async function initialImage(): Promise<string> {
  const name = `pglite-${await pgliteVersion()}.tar.zst`;
  const images = placesToKeep().map((place) => join(place, name));
  const found = images.find((image) => existsSync(image));
  if (found !== undefined) return found;
  const bytes = await makeImage();
  for (const image of images) {
    if (await keep(image, bytes)) return image;
  }
  throw new Error(`The initial database (2–5 MB) cannot be written to any of ${images.map(dirname).join(", ")}.`);
}

/**
 * Several processes may do this at once: each writes a file of its own, and the rename replaces a whole file by a whole
 * one.
 */
async function keep(image: string, bytes: Uint8Array): Promise<boolean> {
  const own = `${image}.${process.pid}.${process.hrtime.bigint()}`;
  try {
    await mkdir(dirname(image), { recursive: true, mode: 0o700 });
    await writeFile(own, bytes);
    await rename(own, image);
    return true;
  } catch {
    await rm(own, { force: true }).catch(() => {});
    return false;
  }
}

/** Runs in a worker thread: initialising takes up to a gigabyte of memory, which is freed only when its thread ends. */
async function makeImage(): Promise<Uint8Array> {
  const file = new URL(`./initial-image-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { name: "pglite-image" });
  try {
    const [made] = (await once(worker, "message")) as [ImageMade];
    return made.bytes;
  } finally {
    await worker.terminate();
  }
}

/** Cache directories to try: the user's, then the project's (for a user without a home), then one for this process. */
function placesToKeep(): string[] {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const home = homedir();
  const ofUser =
    process.platform === "win32"
      ? (LOCALAPPDATA ?? join(home, "AppData", "Local"))
      : process.platform === "darwin"
        ? join(home, "Library", "Caches")
        : (XDG_CACHE_HOME ?? join(home, ".cache"));
  return [
    join(ofUser, "convex-lite"),
    join(process.cwd(), "node_modules", ".cache", "convex-lite"),
    // Not shared with other processes: another user could have put a file into a shared directory.
    join(tmpdir(), `convex-lite-${process.pid}-${process.hrtime.bigint()}`),
  ];
}

async function pgliteVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const manifest: unknown = JSON.parse(await readFile(join(dirname(entry), "..", "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
