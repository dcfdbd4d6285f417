import type { ConnectedHost } from "../../src/client/connect-session-host.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { HostWorld } from "../support/host-world.ts";

/** One host for all tests of a suite, since each command line is a process already; each test begins without sessions. */
export class CommandLineSuite {
  #world: HostWorld | undefined;
  #host: ConnectedHost | undefined;

  /** To be called in a `describe`. */
  constructor() {
    before(async () => {
      this.#world = new HostWorld();
      process.env.EXEC_SESSIONS_STATE_DIR = this.#world.stateDir;
      this.#host = await this.#world.connect();
    });
    after(async () => {
      delete process.env.EXEC_SESSIONS_STATE_DIR;
      await this.#world?.dispose();
    });
    afterEach(async () => {
      for (const { id } of await this.service.list()) await this.service.remove(id, { force: true });
    });
  }

  get world(): HostWorld {
    if (this.#world === undefined) throw new Error("the suite has not begun");
    return this.#world;
  }

  get service(): SessionService {
    if (this.#host === undefined) throw new Error("the suite has not begun");
    return this.#host.service;
  }
}
