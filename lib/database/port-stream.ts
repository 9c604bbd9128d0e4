import { Duplex } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import { ConnectionLostError } from "./driver.ts";

/** A message port in the clothes of a TCP socket: what `pg` needs of one to speak its wire protocol. */
export class PortStream extends Duplex {
  readonly #open: () => MessagePort | undefined;
  #port: MessagePort | undefined;

  /** @param open Opens the port when `pg` connects; undefined when there is nobody at the other end. */
  constructor(open: () => MessagePort | undefined) {
    super({ allowHalfOpen: false });
    this.#open = open;
  }

  connect(): this {
    this.#port = this.#open();
    if (this.#port === undefined) {
      process.nextTick(() => this.destroy(stopped()));
      return this;
    }
    this.#port.on("message", (bytes: Uint8Array) => {
      this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    });
    this.#port.on("close", () => this.destroy(this.writableEnded ? undefined : stopped()));
    process.nextTick(() => this.emit("connect"));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#port?.ref();
    return this;
  }

  unref(): this {
    this.#port?.unref();
    return this;
  }

  override _read(): void {}

  /** The bytes are copied into memory of their own and transferred: a Buffer sits in a slab that would be cloned whole. */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    const own = new Uint8Array(chunk);
    this.#port?.postMessage(own, [own.buffer]);
    done();
  }

  override _writev(chunks: Array<{ chunk: Buffer; encoding: BufferEncoding }>, done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#port?.close();
    done(error);
  }
}

function stopped(): ConnectionLostError {
  return new ConnectionLostError("The embedded database has stopped.");
}
