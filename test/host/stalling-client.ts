import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LineRange } from "../support/numbered-lines.ts";

const CLIENT = fileURLToPath(new URL("./fixtures/stalling-client.ts", import.meta.url));

/** A client that stops reading, in a process of its own; fixtures/stalling-client.ts. */
export class StallingClient {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(socketPath: string): Promise<StallingClient> {
    const child = fork(CLIENT, [socketPath], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await once(child, "message");
    return new StallingClient(child);
  }

  get pid(): number {
    assert.ok(this.#child.pid !== undefined);
    return this.#child.pid;
  }

  /** Resolves with the offset that it has acknowledged when it stops reading. */
  async startAndStall(id: string): Promise<number> {
    const { stalledAt } = await this.#ask({ start: id });
    return stalledAt;
  }

  /** Resolves with what it got, from the session's beginning on. */
  async readOn(): Promise<readonly LineRange[]> {
    const { ranges } = await this.#ask("go on");
    return ranges;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #ask(message: object | string) {
    const answer = once(this.#child, "message");
    this.#child.send(message);
    const [{ error, ...rest }] = await answer;
    assert.equal(error, undefined);
    return rest;
  }
}
