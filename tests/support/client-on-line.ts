import { ConvexClient } from "../../lib/client/convex-client.ts";
import type { Identity } from "../../lib/functions/context.ts";
import type { ServerMessage } from "../../lib/protocol/server-message.ts";
import { SocketNetwork, type SocketPair } from "../../lib/testing/socket-pair.ts";
import type { World } from "../../lib/testing/world.ts";
import { ScriptedPage } from "./scripted-server.ts";

/** A client of a world, and the line to it, which a test reads and breaks. */
export class ClientOnLine implements AsyncDisposable {
  /** What it will be at its next connection. */
  caller: Identity | null;
  readonly client: ConvexClient;
  readonly network: SocketNetwork;

  constructor(world: World, caller: Identity | null = null) {
    this.caller = caller;
    this.network = new SocketNetwork(world.clock, (socket) => world.engine.opened(socket, this.caller));
    const { webSocketConstructor } = this.network;
    const options = { environment: world.clock, page: new ScriptedPage(), webSocketConstructor };
    this.client = new ConvexClient("http://world", options);
  }

  /** Its newest connection. */
  get line(): SocketPair {
    return this.network.last;
  }

  /** What the server has said of one type on the newest connection. */
  heard<Type extends ServerMessage["type"]>(type: Type): ServerMessage[] {
    return this.line.saidByServer.filter((message) => message.type === type);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client.close();
  }
}
