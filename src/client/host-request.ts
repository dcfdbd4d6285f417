import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { API_VERSION, API_VERSION_HEADER } from "../api/api-version.ts";
import { http } from "../api/node-http.ts";
import type { SharedReadSocket } from "./shared-read-socket.ts";

export interface HostRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Sent as it is. Absent: nothing is sent. */
  readonly body?: { readonly type: string; readonly data: Uint8Array };
  /** Whether the call may be made a second time if the connection breaks before its answer. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal;
}

/** A connection that has become something else than HTTP. */
export interface UpgradedConnection {
  readonly socket: SharedReadSocket;
  /** What had come already. */
  readonly head: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What came of a request: an answer, or an upgraded connection. */
export type Outcome =
  | { readonly kind: "answer"; readonly response: IncomingMessage }
  | ({ readonly kind: "upgrade" } & UpgradedConnection);

/** One request on one connection. */
export class Attempt {
  readonly outcome: Promise<Outcome>;
  readonly #request: ClientRequest;
  #hasSocket = false;

  constructor(
    agent: Agent,
    { method, path, body, signal }: HostRequest,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#request = http.request({
      agent,
      method,
      path,
      headers: {
        ...headers,
        [API_VERSION_HEADER]: String(API_VERSION),
        ...(body === undefined ? {} : { "Content-Type": body.type }),
        "Content-Length": body?.data.length ?? 0,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    this.outcome = new Promise((resolve, reject) => {
      this.#request.once("response", (response) => resolve({ kind: "answer", response }));
      this.#request.once("upgrade", ({ headers }, socket, head) =>
        // The agent makes no other streams.
        resolve({ kind: "upgrade", socket: socket as SharedReadSocket, head, headers }),
      );
      this.#request.once("socket", () => {
        this.#hasSocket = true;
      });
      // Also after the answer: a connection may break while the rest of a request is still being sent.
      this.#request.on("error", reject);
    });
    this.#request.end(body?.data);
  }

  /** Whether the host may have got the request. */
  get isSent(): boolean {
    return this.#hasSocket;
  }

  /** The host may have closed an idle connection in the moment in which it was used again. */
  get wasOnIdleConnection(): boolean {
    return this.#request.reusedSocket;
  }

  /** Nobody reads the answer. */
  abandon(): void {
    this.#request.destroy();
    this.#request.socket?.destroy();
  }
}
