import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compiler, root } from "./compile.ts";
import { patience } from "./patience.ts";

/** A place in a file of the project, as an editor shows it. */
export interface Place {
  /** From the project's root. */
  path: string;
  /** The text of the line. */
  line: string;
}

interface Location {
  uri: string;
  range: { start: { line: number } };
}

/**
 * As much of an editor as it takes to point at a word of a project and ask the compiler's language server about it.
 * Disposing it ends the language server.
 */
export class Editor implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #received = Buffer.alloc(0);
  #requests = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = spawn(process.execPath, [compiler, "--lsp", "--stdio"], {
      cwd: folder,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#exited = new Promise((resolve) => this.#server.once("exit", resolve));
    this.#server.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  /** @param folder Of the project. Default: this one. Paths are below it. */
  static async open(folder = root): Promise<Editor> {
    const editor = new Editor(folder);
    const workspace = { processId: process.pid, rootUri: pathToFileURL(folder).href, capabilities: {} };
    try {
      await editor.#ask("initialize", workspace);
      editor.#send({ method: "initialized", params: {} });
      return editor;
    } catch (error) {
      await editor[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where "go to definition" leads from the last word of an expression that stands in a file. */
  async definition(path: string, expression: string): Promise<Place[]> {
    const found = (await this.#askAbout("textDocument/definition", path, expression)) as Location | Location[] | null;
    return [found ?? []].flat().map(({ uri, range }) => {
      const file = fileURLToPath(uri);
      const line = readFileSync(file, "utf8").split("\n")[range.start.line] ?? "";
      return { path: file.replace(`${this.#folder}/`, ""), line };
    });
  }

  /** What the editor shows beside the last word of an expression that stands in a file. */
  async hover(path: string, expression: string): Promise<string> {
    const found = await this.#askAbout("textDocument/hover", path, expression);
    const { contents } = (found ?? { contents: "" }) as { contents: string | { value: string } };
    return typeof contents === "string" ? contents : contents.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill("SIGKILL");
    await this.#exited;
  }

  async #askAbout(method: string, path: string, expression: string): Promise<unknown> {
    const text = readFileSync(join(this.#folder, path), "utf8");
    const start = text.indexOf(expression);
    if (start < 0) throw new Error(`Expected "${expression}" in ${path}. It is not there any more.`);
    const before = text.slice(0, start + expression.length - 1).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const uri = pathToFileURL(join(this.#folder, path)).href;
    const languageId = path.endsWith("x") ? "typescriptreact" : "typescript";
    this.#send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId, version: 1, text } } });
    const answer = await this.#ask(method, { textDocument: { uri }, position });
    this.#send({ method: "textDocument/didClose", params: { textDocument: { uri } } });
    return answer;
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#requests;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const giveUp = () => reject(new Error(`No answer to ${method} within ${patience.fact} ms.`));
    const givenUp = setTimeout(giveUp, patience.fact);
    this.#waiting.set(id, resolve);
    this.#send({ id, method, params });
    return promise.finally(() => clearTimeout(givenUp));
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#server.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const head = this.#received.indexOf("\r\n\r\n");
      const length = /Content-Length: (\d+)/i.exec(this.#received.toString("latin1", 0, Math.max(0, head)))?.[1];
      const end = head + 4 + Number(length);
      if (head < 0 || length === undefined || this.#received.length < end) return;
      this.#read(JSON.parse(this.#received.toString("utf8", head + 4, end)));
      this.#received = this.#received.subarray(end);
    }
  }

  #read(message: { id?: number; method?: string; result?: unknown }): void {
    if (message.id === undefined) return;
    // The server has questions too (about configuration): we have no opinion.
    if (message.method !== undefined) return this.#send({ id: message.id, result: null });
    this.#waiting.get(message.id)?.(message.result);
    this.#waiting.delete(message.id);
  }
}
