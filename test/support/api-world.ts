import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SessionClient } from "../../src/client/session-client.ts";
import { type ApiServer, type ApiServerOptions, createApiServer } from "../../src/server/api-server.ts";
import { KnownRuntimes } from "../../src/server/known-runtimes.ts";
import type { RuntimeSpec } from "../../src/session/exec-session.ts";
import type { Container, Runtime } from "../../src/session/runtime.ts";
import type { SessionService } from "../../src/session/session-service.ts";
import { FAKE_SPEC, type FakeMachine, FakeRuntime } from "./fake-runtime.ts";
import { TestWorld } from "./test-world.ts";
import { UndescribedAnswers } from "./undescribed-answers.ts";

export type ApiWorldOptions = Partial<Pick<ApiServerOptions, "limits" | "onConnections" | "containers">>;

/** The API on a socket of its own, over a service of the test's. */
export class ApiOnSocket {
  readonly socketPath: string;
  readonly client: SessionClient;
  server: ApiServer;
  /** What the server told nobody but its log. */
  readonly reports: string[] = [];
  readonly #undescribed = new UndescribedAnswers();
  readonly #folder: string;
  readonly #openServer: () => ApiServer;

  private constructor(service: SessionService, folder: string, options: ApiServerOptions) {
    this.#folder = folder;
    this.socketPath = join(folder, "api.sock");
    this.#openServer = () =>
      createApiServer(service, { ...options, report: (sentence) => this.reports.push(sentence) });
    this.server = this.#openServer();
    this.client = new SessionClient({ socketPath: this.socketPath });
  }

  static async open(service: SessionService, options: Omit<ApiServerOptions, "report" | "packageVersion">) {
    const folder = await mkdtemp(join(tmpdir(), "api-"));
    const api = new ApiOnSocket(service, folder, { packageVersion: "1.2.3", report: () => {}, ...options });
    await api.server.listen(api.socketPath);
    return api;
  }

  /** A new server over the same service, in the place of one that was closed. */
  async reopen(): Promise<void> {
    this.server = this.#openServer();
    await this.server.listen(this.socketPath);
  }

  async dispose(): Promise<void> {
    await this.client.close();
    await this.server.close();
    await rm(this.#folder, { recursive: true });
    assert.deepEqual(this.#undescribed.close(), [], "every answer is in the API's description");
  }
}

/** A fake machine whose sessions are reached over the API. */
export class ApiWorld {
  readonly world: TestWorld;
  readonly api: ApiOnSocket;

  private constructor(world: TestWorld, api: ApiOnSocket) {
    this.world = world;
    this.api = api;
  }

  static async open(containers: readonly string[], options: ApiWorldOptions = {}): Promise<ApiWorld> {
    const world = await TestWorld.open(containers);
    const known = fakeContainers(world.machine);
    return new ApiWorld(world, await ApiOnSocket.open(world.manager, { containers: known, ...options }));
  }

  get client(): SessionClient {
    return this.api.client;
  }

  async dispose(): Promise<void> {
    await this.api.dispose();
    await this.world.dispose();
  }
}

/** The containers of one fake machine, as if it were behind each of these runtimes. */
export function fakeContainers(
  machine: FakeMachine,
  specs: readonly RuntimeSpec[] = [FAKE_SPEC],
  report: (sentence: string) => void = () => {},
): KnownRuntimes {
  const runtime = new FakeRuntime(machine);
  return new KnownRuntimes({
    provider: async () => runtime,
    specs,
    listContainers: (of: Runtime): Promise<readonly Container[]> =>
      Promise.all(Array.from(machine.containers.keys(), (name) => of.findContainer(name))),
    report,
  });
}
