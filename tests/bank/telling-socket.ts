import { WebSocket } from "ws";

const { OPEN } = WebSocket;

/** The first characters of `Connected`. */
const CONNECTED = '{"type":"Connected"';

/** A WebSocket that says under which caller it was opened, just before its client reads `Connected`. */
export function socketThatTells(tell: (who: string) => void) {
  return class extends WebSocket {
    constructor(url: string, { headers }: { headers: { "x-caller": string } }) {
      super(url, { headers });
      const who = headers["x-caller"];
      this.on("message", (data: Buffer) => {
        // A client reads nothing more from a socket that it has closed, to open another.
        if (this.readyState === OPEN && data.toString("latin1", 0, CONNECTED.length) === CONNECTED) tell(who);
      });
    }
  };
}
