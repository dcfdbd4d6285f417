import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { HeartbeatTiming } from "../../src/store/heartbeat.ts";
import type { OwnerCommand, OwnerReply } from "./store-owner-process.ts";

const MAIN = fileURLToPath(new URL("./store-owner-process.ts", import.meta.url));

export interface StoreOwnerOptions {
  readonly directory: string;
  readonly heartbeat?: HeartbeatTiming;
  /** A command that runs the rest of its line, such as `unshare --pid --fork`. */
  readonly wrapper?: readonly string[];
}

/** A file store in a process of its own. */
export class StoreOwner {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor({ directory, heartbeat, wrapper = [] }: StoreOwnerOptions) {
    const timing = heartbeat === undefined ? [] : [String(heartbeat.renewMs), String(heartbeat.staleMs)];
    const [program, ...args] = [...wrapper, process.execPath, MAIN, directory, ...timing];
    this.#child = spawn(program ?? "", args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#exited = once(this.#child, "exit");
  }

  /** The pid of the process, or of its wrapper. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Does as told; the code is null unless that failed. */
  async tell(command: OwnerCommand): Promise<OwnerReply> {
    this.#child.send(command);
    const [reply] = await Promise.race([once(this.#child, "message"), this.#diedEarly()]);
    return reply;
  }

  /** Sends a signal without waiting for what it does. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the process as a crash does, and resolves once it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Resolves with the exit code once the process has ended by itself. */
  async leave(): Promise<number | null> {
    this.#child.send({ verb: "disconnect" } satisfies OwnerCommand);
    await this.#exited;
    return this.#child.exitCode;
  }

  async #diedEarly(): Promise<never> {
    await this.#exited;
    throw new Error(`the store's process ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
  }
}
