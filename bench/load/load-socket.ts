import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** The address of a server under test. */
export interface Door {
  port: number;
  path: string;
}

/** Receives the payload of a text message. The buffer is valid only during the call. */
export type Heard = (payload: Buffer, socket: LoadSocket) => void;

/** The read buffer of all sockets: a chunk is processed to its end before the next one is read. */
const memory = Buffer.allocUnsafe(256 * 1024);
const CLOSE = 8;

/**
 * A minimal WebSocket client: it counts bytes and passes payloads on. With `ws` the load generator would be the bottleneck
 * instead of the server.
 */
export class LoadSocket {
  /** Bytes of frames and of the HTTP upgrade, in each direction. */
  readonly traffic = { down: 0, up: 0, upgradeDown: 0, upgradeUp: 0 };
  readonly #socket: Socket;
  readonly #heard: Heard;
  #rest: Buffer | undefined;
  #isOpen = false;
  #open: () => void = () => {};
  #closedByUs = false;

  private constructor({ port, path }: Door, heard: Heard) {
    this.#heard = heard;
    const callback = (length: number): boolean => {
      this.#read(memory.subarray(0, length));
      return true;
    };
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread: { buffer: memory, callback } });
    this.#socket.on("connect", () => this.#askForUpgrade(port, path));
  }

  /** Resolves when the socket is open. If the server closes it later, the bench ends with an error. */
  static open(door: Door, heard: Heard): Promise<LoadSocket> {
    const socket = new LoadSocket(door, heard);
    return new Promise((resolve, reject) => {
      socket.#open = () => resolve(socket);
      socket.#socket.on("error", reject);
      socket.#socket.on("close", () => {
        if (!socket.#closedByUs) reject(new Error("A server under test hung up."));
      });
    });
  }

  /** Sends messages as one frame each, in one write. */
  say(...texts: string[]): void {
    const bytes = Buffer.concat(texts.map(maskedFrame));
    this.traffic.up += bytes.length;
    this.#socket.write(bytes);
  }

  /** Breaks the connection. */
  cut(): void {
    this.#closedByUs = true;
    this.#socket.destroy();
  }

  #askForUpgrade(port: number, path: string): void {
    const request = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Origin: http://127.0.0.1:${port}`,
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
      "Accept-Language: en-GB,en;q=0.9",
      "Cache-Control: no-cache",
      "Connection: Upgrade",
      "Upgrade: websocket",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ];
    const text = `${request.join("\r\n")}\r\n\r\n`;
    this.traffic.upgradeUp += text.length;
    this.#socket.write(text);
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (!this.#isOpen) bytes = this.#readUpgrade(bytes);
    const read = this.#isOpen ? this.#readFrames(bytes) : 0;
    this.#rest = read < bytes.length ? Buffer.from(bytes.subarray(read)) : undefined;
  }

  /** @returns the bytes after the answer to the upgrade; all bytes while the answer is incomplete. */
  #readUpgrade(bytes: Buffer): Buffer {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return bytes;
    const answer = bytes.toString("latin1", 0, end);
    if (!answer.startsWith("HTTP/1.1 101")) throw new Error(`A server under test refused a socket: ${answer}`);
    this.traffic.upgradeDown += end + 4;
    this.#isOpen = true;
    this.#open();
    return bytes.subarray(end + 4);
  }

  /** @returns the number of bytes that were complete frames. */
  #readFrames(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] as number) & 127;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length - at < header) break;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      const end = at + header + length;
      if (bytes.length < end) break;
      this.#receive((bytes[at] as number) & 15, bytes.subarray(at + header, end));
      this.traffic.down += end - at;
      at = end;
    }
    return at;
  }

  #receive(opcode: number, payload: Buffer): void {
    if (opcode !== CLOSE) return this.#heard(payload, this);
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : "no code";
    throw new Error(`A server under test closed a socket with ${code}: ${payload.toString("utf8", 2)}`);
  }
}

/** Clients must mask their frames (RFC 6455 §5.3). A mask of zeros costs the client nothing, and the server as much as any. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(payload.length < 126 ? 6 : 8);
  header[0] = 0x81;
  if (payload.length < 126) header[1] = 0x80 | payload.length;
  else {
    header[1] = 0x80 | 126;
    header.writeUInt16BE(payload.length, 2);
  }
  return Buffer.concat([header, payload]);
}
