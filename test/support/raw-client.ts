import { connect, type Socket } from "node:net";
import { waitUntil } from "./wait-until.ts";

/** A client that sends whatever bytes it likes. */
export class RawClient {
  readonly socket: Socket;
  /** Whether nothing more can come. */
  isClosed = false;
  #received: Buffer[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => this.#received.push(data));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  static async open(socketPath: string): Promise<RawClient> {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    const client = new RawClient(socket);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return client;
  }

  /** Sends one request and gives the whole answer, which must come with the end of the connection. */
  static async ask(socketPath: string, request: string | Uint8Array): Promise<string> {
    const client = await RawClient.open(socketPath);
    client.send(request);
    await client.whenEnded();
    client.close();
    return client.text;
  }

  send(bytes: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#received);
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** Waits until the other end has ended the connection. */
  async whenEnded(): Promise<void> {
    await waitUntil("the connection is ended", () => this.isClosed || this.socket.readableEnded);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A request as text. */
export function httpRequest(
  method: string,
  path: string,
  {
    headers = {},
    body,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): string {
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const lines = Object.entries({ Host: "host", ...length, ...headers });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body ?? ""}`;
}

/** Status and error code of an answer that is a refusal. */
export function refusalIn(answer: string): readonly [number, string] {
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  return [status, /"code":"(\w+)"/.exec(answer)?.[1] ?? ""];
}
