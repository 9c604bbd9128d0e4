import type { Frame } from "../../protocol/socket.ts";

const FINAL_TEXT = 0x81;

/** Text messages as WebSocket frames (RFC 6455 §5.2), one behind the other. They are unmasked, as all frames of a server are. */
export function textFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const size = lengths.reduce((sum, length) => sum + headerOf(length) + length, 0);
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const [i, text] of texts.entries()) {
    const length = lengths[i] as number;
    writeHeader(bytes, at, length);
    at += headerOf(length);
    at += bytes.write(text, at);
  }
  return bytes;
}

function headerOf(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(bytes: Buffer, at: number, length: number): void {
  const header = headerOf(length);
  bytes[at] = FINAL_TEXT;
  if (header === 2) bytes[at + 1] = length;
  else if (header === 4) {
    bytes[at + 1] = 126;
    bytes.writeUInt16BE(length, at + 2);
  } else {
    bytes[at + 1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), at + 2);
  }
}

/** The bytes of a frame. They are made on first use, and shared by all sockets that send the frame. */
export function bytesOf(frame: Frame): Uint8Array {
  frame.bytes ??= textFrames([frame.text]);
  return frame.bytes;
}

/** The bytes of several frames. Calls in a row with the same frames share them. */
export class JoinedFrames {
  #last: { frames: readonly Frame[]; bytes: Buffer } | undefined;

  of(frames: readonly Frame[]): Buffer {
    if (!this.#last || !areSame(this.#last.frames, frames)) {
      this.#last = { frames, bytes: textFrames(frames.map(({ text }) => text)) };
    }
    return this.#last.bytes;
  }
}

function areSame(some: readonly Frame[], others: readonly Frame[]): boolean {
  return some.length === others.length && some.every((frame, i) => frame === others[i]);
}
