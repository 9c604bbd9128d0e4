/** Messages that PostgreSQL answers together. */
export interface MessageGroup {
  bytes: Uint8Array<ArrayBuffer>;
  /** The group ends with Flush, which asks for an answer in the middle: the next group continues this one. */
  unfinished: boolean;
}

/** Messages after which the server answers: Query, Sync, FunctionCall, CopyData, CopyDone, CopyFail, Flush. */
const endsGroup = new Set(Array.from("QSFdcfH", (letter) => letter.charCodeAt(0)));
const flush = "H".charCodeAt(0);
const terminate = "X".charCodeAt(0);
const largestMessage = 1 << 30;

/**
 * Splits the bytes of one client into whole groups, for example Parse … Sync. One backend serves all clients of the
 * embedded database, and it has one unnamed statement: if the messages of two clients mixed, one would get the other's
 * rows.
 */
export class MessageGroups {
  #rest: Buffer = Buffer.alloc(0);
  /** The offset in `#rest` of the first message that was not read yet. */
  #at = 0;
  #started = false;
  /** The client sent Terminate, or bytes that are not the protocol. */
  ended = false;

  /** Takes the next bytes and returns the groups that they complete. */
  push(chunk: Uint8Array): MessageGroup[] {
    this.#rest =
      this.#rest.length > 0
        ? Buffer.concat([this.#rest, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const groups: MessageGroup[] = [];
    while (!this.ended) {
      const length = this.#lengthOfMessage();
      if (length === undefined || this.#rest.length - this.#at < length) break;
      const type = this.#started ? this.#rest[this.#at] : undefined;
      this.#at += length;
      if (type === terminate) this.ended = true;
      else if (type === undefined || endsGroup.has(type)) groups.push(this.#cut(type === flush));
    }
    return groups;
  }

  /** The length of the message at `#at`; undefined until its header has arrived. The first message has no type byte. */
  #lengthOfMessage(): number | undefined {
    const prefix = this.#started ? 1 : 0;
    if (this.#rest.length - this.#at < prefix + 4) return undefined;
    const length = this.#rest.readInt32BE(this.#at + prefix);
    if (length < 4 || length > largestMessage) this.ended = true;
    return this.ended ? undefined : length + prefix;
  }

  #cut(unfinished: boolean): MessageGroup {
    const bytes = new Uint8Array(this.#rest.subarray(0, this.#at));
    this.#rest = this.#rest.subarray(this.#at);
    this.#at = 0;
    this.#started = true;
    return { bytes, unfinished };
  }
}
