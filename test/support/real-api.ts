import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileOutputLogs } from "../../src/output/file-output-logs.ts";
import { listContainers } from "../../src/runtime/list-containers.ts";
import { Runtimes } from "../../src/runtime/runtimes.ts";
import { KnownRuntimes } from "../../src/server/known-runtimes.ts";
import type { RuntimeSpec } from "../../src/session/exec-session.ts";
import { openSessionManager, type SessionManager } from "../../src/session/session-manager.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { ApiOnSocket } from "./api-world.ts";

/** This machine itself, as a runtime. */
export const LOCAL: RuntimeSpec = { kind: "local", path: "", root: "" };

/** The API over real runtimes, files and processes. */
export class RealApi {
  readonly manager: SessionManager;
  readonly api: ApiOnSocket;
  readonly #runtimes: Runtimes;
  readonly #folder: string;

  private constructor(manager: SessionManager, api: ApiOnSocket, runtimes: Runtimes, folder: string) {
    this.manager = manager;
    this.api = api;
    this.#runtimes = runtimes;
    this.#folder = folder;
  }

  static async open(specs: readonly RuntimeSpec[] = [LOCAL]): Promise<RealApi> {
    const folder = await mkdtemp(join(tmpdir(), "real-"));
    const runtimes = new Runtimes();
    const { provider } = runtimes;
    const manager = await openSessionManager({
      store: new FileSessionStore(join(folder, "state")),
      outputs: new FileOutputLogs(),
      runtimes: provider,
      findLegacyProcess: async () => null,
      report: () => {},
    });
    const containers = new KnownRuntimes({ provider, specs, listContainers, report: () => {} });
    const api = await ApiOnSocket.open(manager, { containers });
    return new RealApi(manager, api, runtimes, folder);
  }

  /** Ends every command that still runs. */
  async dispose(): Promise<void> {
    for (const { id } of await this.manager.list()) await this.manager.remove(id, { force: true });
    await this.api.dispose();
    await this.manager.close();
    await this.#runtimes.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
