import type { Message } from "../functions/conversation.ts";
import type { Server } from "../server-process.ts";
import { LoadSocket } from "./load-socket.ts";

/** Several, because the server refuses more than 50 messages a second from one socket, after a burst of 200. */
const SOCKETS = 8;

/** Sends messages one after another, over several sockets in turn. */
export class MessageSender {
  readonly #server: Server;
  readonly #sockets: LoadSocket[];
  #sent = 0;
  #done: () => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
    this.#sockets = [];
  }

  static async connect(server: Server, sockets = SOCKETS): Promise<MessageSender> {
    const sender = new MessageSender(server);
    const { speech, port } = server;
    for (let i = 0; i < sockets; i++) {
      const socket = await LoadSocket.open({ port, path: speech.path }, (payload, socket) => {
        const kind = speech.kindOf(payload);
        if (kind === "ping") socket.say(speech.pong);
        else if (kind === "done") sender.#done();
        else if (kind === "failed") throw new Error(`A mutation failed: ${payload.toString()}`);
      });
      const introduction = speech.introduce();
      if (introduction.length > 0) socket.say(...introduction);
      sender.#sockets.push(socket);
    }
    return sender;
  }

  /** Resolves when the server has acknowledged the message. */
  send(message: Message): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.post(message);
    return done;
  }

  /** Sends the message, and does not wait for its acknowledgement. */
  post(message: Message): void {
    const n = Math.floor(this.#sent / this.#sockets.length) + 1;
    this.#sockets[this.#sent++ % this.#sockets.length]?.say(this.#server.speech.send(n, message));
  }
}
