import type { Frame } from "../../protocol/socket.ts";

const FINAL_TEXT = 0x81;

/** A text message as one WebSocket frame (RFC 6455 §5.2). It is unmasked, as all frames of a server are. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafeSlow(header + length);
  frame[0] = FINAL_TEXT;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}

/** The bytes of frames. They are made on first use and shared by all sockets that send the frame. */
export class FrameBytes {
  readonly #bytes = new WeakMap<Frame, Buffer>();
  /** The frame of the last call, which is usually that of the next one. */
  #last: { frame: Frame; bytes: Buffer } | undefined;
  #lastJoined: { frames: readonly Frame[]; bytes: Buffer } | undefined;

  of(frame: Frame): Buffer {
    if (this.#last?.frame === frame) return this.#last.bytes;
    let bytes = this.#bytes.get(frame);
    if (!bytes) {
      bytes = textFrame(frame.text);
      this.#bytes.set(frame, bytes);
    }
    this.#last = { frame, bytes };
    return bytes;
  }

  /** Several frames in one buffer. Calls in a row with the same frames share it. */
  joined(frames: readonly Frame[]): Buffer {
    if (frames.length === 1) return this.of(frames[0] as Frame);
    if (!this.#lastJoined || !areSame(this.#lastJoined.frames, frames)) {
      this.#lastJoined = { frames, bytes: Buffer.concat(frames.map((frame) => this.of(frame))) };
    }
    return this.#lastJoined.bytes;
  }
}

function areSame(some: readonly Frame[], others: readonly Frame[]): boolean {
  return some.length === others.length && some.every((frame, i) => frame === others[i]);
}
