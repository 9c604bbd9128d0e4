import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zstdDecompressSync } from "node:zlib";

/**
 * Creates `directory`, which must not exist, from an image. The directory gets its name last, so a process that ends in
 * the middle leaves no half of a database. Synchronous: it runs in the database's own thread, and a promise per file
 * would take many times as long.
 */
export function unpackImage(image: string, directory: string): void {
  const unfinished = `${directory}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  for (const entry of entriesOf(zstdDecompressSync(readFileSync(image)))) {
    const path = join(unfinished, entry.name);
    mkdirSync(entry.content ? dirname(path) : path, { recursive: true, mode: 0o700 });
    if (entry.content) writeSparsely(path, entry.content);
  }
  renameSync(unfinished, directory);
}

/** Leaves zeros at the end of a file as a hole: the new write-ahead log is 16 MB of almost only zeros. */
function writeSparsely(path: string, content: Buffer): void {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  writeFileSync(path, content.subarray(0, end), { mode: 0o600 });
  if (end < content.length) truncateSync(path, content.length);
}

/** A file, or, without content, a folder. */
interface Entry {
  name: string;
  content: Buffer | undefined;
}

/** Reads a tar archive as PGlite writes it: 512-byte headers, each followed by its file, rounded up to 512 bytes. */
function* entriesOf(archive: Buffer): Generator<Entry> {
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number): string =>
      archive.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const content = archive.subarray(at + 512, at + 512 + size);
    yield { name: join(text(345, 155), text(0, 100)), content: text(156, 1) === "5" ? undefined : content };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
