/** A message as text. One object may be sent to many sockets: an adapter may then build its frame once. */
export interface Frame {
  readonly text: string;
}

/** One end of a socket, as the engine sees it. */
export interface SocketLike {
  send(frame: Frame): void;
  /** Bytes handed to `send` that have not left this machine. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
}

/** What the engine hands back for an accepted socket: call these as the socket's events happen. */
export interface SocketEvents {
  message(text: string): void;
  closed(): void;
}
