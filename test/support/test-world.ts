import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import type { ContainerRef } from "../../src/session/exec-session.ts";
import type { SessionEvent } from "../../src/session/session-event.ts";
import {
  openSessionManager,
  type SessionManager,
  type SessionManagerOptions,
} from "../../src/session/session-manager.ts";
import { MemorySessionStore, MemoryStateDirectory } from "../../src/store/memory-store.ts";
import { FAKE_SPEC, FakeMachine, FakeRuntime } from "./fake-runtime.ts";

/** A session manager over a fake machine and stores in memory, which both outlive it. */
export class TestWorld {
  readonly machine = new FakeMachine();
  readonly reports: string[] = [];
  /** All events of all managers, in order. */
  readonly events: SessionEvent[] = [];
  readonly stateDirectory = new MemoryStateDirectory();
  readonly outputs = new MemoryOutputLogs();
  readonly #options: Partial<SessionManagerOptions>;
  #store: MemorySessionStore | undefined;
  #manager: SessionManager | undefined;

  private constructor(options: Partial<SessionManagerOptions>) {
    this.#options = options;
  }

  static async open(
    containers: readonly string[],
    options: Partial<SessionManagerOptions> = {},
  ): Promise<TestWorld> {
    const world = new TestWorld(options);
    for (const name of containers) world.machine.containers.set(name, "running");
    await world.reopen();
    return world;
  }

  get manager(): SessionManager {
    if (this.#manager === undefined) throw new Error("the world is not open yet");
    return this.#manager;
  }

  target(container: string): ContainerRef {
    return { runtime: FAKE_SPEC, container };
  }

  /** Forgets the manager, as kill -9 does, and opens the next one over what is left. */
  async reopen(): Promise<void> {
    const runtime = new FakeRuntime(this.machine);
    this.#store?.crash();
    this.outputs.crash();
    this.#store = new MemorySessionStore(this.stateDirectory);
    this.#manager = await openSessionManager({
      store: this.#store,
      outputs: this.outputs,
      runtimes: async () => runtime,
      findLegacyProcess: async () => null,
      report: (sentence) => this.reports.push(sentence),
      ...this.#options,
    });
    void this.#collectEvents(this.#manager);
  }

  async dispose(): Promise<void> {
    await this.manager.close();
    for (const process of this.machine.processes) process.release();
  }

  async #collectEvents(manager: SessionManager): Promise<void> {
    for await (const event of manager.events({ since: 0 })) this.events.push(event);
  }
}
