import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./fixtures/client-process.ts", import.meta.url));

/** A client in a process of its own. */
export class ClientProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, "exit");
  }

  /** Resolves once it can be told something. */
  static async start(): Promise<ClientProcess> {
    const child = fork(PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await once(child, "message");
    return new ClientProcess(child);
  }

  /** The pid of the host that it has found or started. */
  async connect(stateDir: string): Promise<number> {
    this.#child.send(stateDir);
    const [answer] = await once(this.#child, "message");
    if (typeof answer.pid === "number") return answer.pid;
    throw new Error(answer.error);
  }

  /** Begins to connect, and does not live to see the end. */
  async connectAndDie(stateDir: string, afterMs: number): Promise<void> {
    this.#child.send(stateDir);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), afterMs);
    await this.#exited;
    clearTimeout(timer);
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}
