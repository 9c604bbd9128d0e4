import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

/** A proxy that calls the server by another name and at another path than it was called itself, and tells its own name. */
export class RewritingProxy implements AsyncDisposable {
  /** The paths at which it has called the server for a WebSocket. */
  readonly upgrades: string[] = [];
  readonly #server: Server;
  readonly #port: number;
  readonly #rewrite: (path: string) => string;

  private constructor(server: Server, port: number, rewrite: (path: string) => string) {
    this.#server = server;
    this.#port = port;
    this.#rewrite = rewrite;
  }

  /** @param port Of the server on this machine. */
  static async to(port: number, rewrite: (path: string) => string): Promise<RewritingProxy> {
    const server = createServer();
    const proxy = new RewritingProxy(server, port, rewrite);
    server.on("request", (incoming, response) => {
      const passedOn = proxy.#passOn(incoming);
      passedOn.on("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response, () => {});
      });
      passedOn.on("error", () => response.destroy());
      pipeline(incoming, passedOn, () => {});
    });
    server.on("upgrade", (incoming, client) => {
      const passedOn = proxy.#passOn(incoming);
      proxy.upgrades.push(passedOn.path);
      passedOn.on("upgrade", (answer, upstream, head) => {
        const headers = answer.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : []));
        client.write(["HTTP/1.1 101 Switching Protocols", ...headers, "", ""].join("\r\n"));
        client.write(head);
        pipeline(client, upstream, client, () => {});
      });
      passedOn.on("response", () => client.destroy());
      passedOn.on("error", () => client.destroy());
      passedOn.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #passOn({ method, url = "/", headers }: IncomingMessage) {
    const told = { host: "upstream.internal", "x-forwarded-host": headers.host, "x-forwarded-proto": "http" };
    return request({
      host: "127.0.0.1",
      port: this.#port,
      method,
      path: this.#rewrite(url),
      headers: { ...headers, ...told },
    });
  }
}
