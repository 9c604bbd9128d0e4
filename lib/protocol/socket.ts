/** A message as text. One object may be sent to many sockets, so that an adapter can build its frame once. */
export interface Frame {
  readonly text: string;
}

/** One end of a socket, as the engine sees it. */
export interface SocketLike {
  send(frame: Frame): void;
  /** Bytes passed to `send` that have not left this machine. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
}

/** What the engine returns for an accepted socket. The adapter calls it when the socket has an event. */
export interface SocketEvents {
  message(text: string): void;
  closed(): void;
}
