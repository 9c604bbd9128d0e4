/** A message as text. One object may be sent to many sockets: an adapter may then build its bytes once. */
export interface Frame {
  /** The message. */
  readonly text: string;
  /** What an adapter has built of it, and sends to the next socket as well. Undefined until then. */
  bytes?: Uint8Array;
}

/** The server's end of a socket, as the engine uses it. */
export interface SocketLike {
  /** Sends a message after those before it. Does nothing once the socket is closed. */
  send(frame: Frame): void;
  /** Bytes passed to `send` that have not left this machine. */
  readonly bufferedAmount: number;
  /** Stops reading what the client sends. Messages that have arrived already may still come. */
  pause(): void;
  /** Reads on. */
  resume(): void;
  /** Closes the socket after the messages that were sent, with a WebSocket close code. */
  close(code: number, reason: string): void;
}

/** What the engine returns for an accepted socket: call these functions when the socket's events happen. */
export interface SocketEvents {
  /** The client has sent a text message. */
  message(text: string): void;
  /** The socket is closed, by either end. No other function is called after it. */
  closed(): void;
}
