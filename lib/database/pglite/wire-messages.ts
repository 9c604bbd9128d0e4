/** Bytes that PostgreSQL answers as a whole. */
export interface MessageGroup {
  bytes: Uint8Array<ArrayBuffer>;
  /** The sender asked for an answer in the middle (Flush): what follows belongs to this group. */
  unfinished: boolean;
}

/** Query, Sync, FunctionCall, CopyData, CopyDone, CopyFail, Flush: after these the server answers. */
const endsGroup = new Set(Array.from("QSFdcfH", (letter) => letter.charCodeAt(0)));
const flush = "H".charCodeAt(0);
const terminate = "X".charCodeAt(0);
const largestMessage = 1 << 30;

/**
 * Cuts what one client sends into whole groups, Parse … Sync for instance. One backend serves every client of the
 * embedded database and there is one unnamed statement in it: if the messages of two clients mixed, one would get the
 * rows of the other.
 */
export class MessageGroups {
  #rest: Buffer = Buffer.alloc(0);
  /** Where in `#rest` the first message begins that was not looked at yet. */
  #at = 0;
  #started = false;
  /** The client said goodbye, or what it sent is not the protocol. */
  ended = false;

  /** Takes the next bytes; returns the groups that are complete with them. */
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

  /** The length of the message at `#at`; undefined as long as it is not known. The first one has no type byte. */
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
