import { Duplex } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import { ConnectionLostError } from "../driver/driver.ts";

/** A message port with the interface of a TCP socket, as far as `pg` uses it. */
export class PortStream extends Duplex {
  readonly #open: () => MessagePort | undefined;
  #port: MessagePort | undefined;
  readonly #unsent: Uint8Array[] = [];

  /** @param open Opens the port when `pg` connects. Returns undefined when the thread has stopped. */
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

  /** Writes of one step are sent as one message, because waking the other thread costs more than most statements. */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    if (this.#unsent.push(chunk) === 1) queueMicrotask(() => this.#send());
    done();
  }

  override _writev(chunks: Array<{ chunk: Buffer; encoding: BufferEncoding }>, done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  /** The bytes are copied and transferred. A Buffer is a view into a larger slab, all of which would be cloned. */
  #send(): void {
    if (this.#unsent.length === 0) return;
    const own = new Uint8Array(Buffer.concat(this.#unsent.splice(0)));
    this.#port?.postMessage(own, [own.buffer]);
  }

  override _final(done: () => void): void {
    this.#send();
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
