import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endSessionHost } from "../../scripts/end-session-host.ts";
import { type HostFile, readHostFile } from "../../src/api/host-file.ts";
import { HOST_LOG } from "../../src/api/state-directory.ts";
import { connectSessionHost } from "../../src/client/connect-session-host.ts";
import { isSameProcessAlive } from "../../src/process/process-identity.ts";
import type { DeployType, FlowNode } from "../support/flow-runtime.ts";
import { hasDied } from "../support/recording.ts";
import type { ChaosPlace } from "./chaos-place.ts";
import { findRuntimes, type Kill } from "./kill.ts";
import { flowOf, type NodeNames } from "./lane.ts";
import { findLeaks, namesInTemporaryFolder, residentBytes } from "./leaks.ts";
import { NodeRedKeeper } from "./node-red-keeper.ts";
import { namesIn, readSessions } from "./state-on-disk.ts";

/** The session host's program as Node-RED runs it. */
const HOST_PROGRAM = fileURLToPath(new URL("../../dist/src/host/main.js", import.meta.url));
/** What a host that has left may leave in its state directory. */
const EMPTY_STATE = ["host.log", "owner", "sessions", "start"];

const DIARY_LINES = 20;

/** What has happened beside the ends of Node-RED. */
export interface KillCounts {
  hostKills: number;
  hostStops: number;
  deploys: number;
  /** By session. */
  readonly runtimeKills: Map<string, number>;
}

/** A Node-RED, its user directory and its session host, over some rounds. */
export class ChaosWorld {
  readonly place: ChaosPlace;
  readonly orphans: "keep" | "stop";
  readonly keeper: NodeRedKeeper;
  readonly counts: KillCounts = { hostKills: 0, hostStops: 0, deploys: 0, runtimeKills: new Map() };
  readonly #namesBefore: ReadonlySet<string>;
  #names: NodeNames = { starts: "", recorders: "" };

  private constructor(place: ChaosPlace, orphans: "keep" | "stop", keeper: NodeRedKeeper) {
    this.place = place;
    this.orphans = orphans;
    this.keeper = keeper;
    this.#namesBefore = new Set(namesInTemporaryFolder());
  }

  static async open(place: ChaosPlace, orphans: "keep" | "stop"): Promise<ChaosWorld> {
    const keeper = await NodeRedKeeper.start(() => hasDied(place.recordings));
    const world = new ChaosWorld(place, orphans, keeper);
    await keeper.nodeRed.deploy(world.#flow);
    return world;
  }

  get stateDir(): string {
    return this.keeper.nodeRed.stateDir;
  }

  /** Null: none runs. */
  get host(): HostFile | null {
    const host = readHostFile(this.stateDir);
    return host !== null && isSameProcessAlive(host) ? host : null;
  }

  /** No session runs, and Node-RED has told its flow all that it has to tell. */
  get isQuiet(): boolean {
    const resumed = namesIn(join(this.keeper.nodeRed.userDir, "exec-sessions-resume"));
    return resumed.length === 0 && readSessions(this.stateDir).every(({ state }) => state !== "running");
  }

  /** False: there is no such process at the moment. */
  kill({ kind, choice }: Kill): boolean {
    switch (kind) {
      case "Node-RED SIGKILL":
        return this.keeper.signal("SIGKILL");
      case "Node-RED SIGTERM":
        return this.keeper.signal("SIGTERM");
      case "host SIGKILL":
        return this.#signalHost("SIGKILL", () => this.counts.hostKills++);
      case "host SIGTERM":
        return this.#signalHost("SIGTERM", () => this.counts.hostStops++);
      case "runtime SIGKILL":
        return this.#killRuntime(choice);
      case "deploy of nodes":
        return this.#deploy("nodes", choice);
      case "deploy of everything":
        return this.#deploy("full", choice);
    }
  }

  /** Removes all sessions, and gives what is then left that should not be. */
  async tidy(): Promise<readonly string[]> {
    await this.#removeSessions();
    const { keeper, counts, place, host } = this;
    counts.hostKills = 0;
    counts.hostStops = 0;
    counts.deploys = 0;
    counts.runtimeKills.clear();
    return findLeaks({
      allowedPids: [keeper.nodeRed.pid, host?.pid ?? 0, place.containers.crun.pid, place.containers.runc.pid],
      emptyFolders: [join(this.stateDir, "sessions"), join(this.stateDir, "set-aside"), place.recordings],
      namesBefore: this.#namesBefore,
    });
  }

  get memory(): { readonly nodeRed: number; readonly host: number } {
    return { nodeRed: residentBytes(this.keeper.nodeRed.pid), host: residentBytes(this.host?.pid ?? 0) };
  }

  /** The last words of the session hosts, and what Node-RED complained of since it was started. */
  get diary(): readonly string[] {
    const log = readFileSync(join(this.stateDir, HOST_LOG), "utf8").trimEnd().split("\n");
    return [...log.slice(-DIARY_LINES), ...this.keeper.nodeRed.complaints().slice(-DIARY_LINES)];
  }

  /** Ends everything in good order; gives what is left of it that should not be. */
  async close(): Promise<readonly string[]> {
    const { nodeRed } = this.keeper;
    const code = await nodeRed.end();
    await endSessionHost(this.stateDir);
    const left = namesIn(this.stateDir).filter((name) => !EMPTY_STATE.includes(name));
    const faults = [
      ...(code === 0 ? [] : [`Node-RED ended with exit code ${code} when it was asked to`]),
      ...left.map((name) => `the session host left ${name} behind`),
    ];
    await nodeRed.stop();
    return faults;
  }

  #signalHost(signal: NodeJS.Signals, count: () => void): boolean {
    const { host } = this;
    if (host === null) return false;
    count();
    return process.kill(host.pid, signal);
  }

  get #flow(): readonly FlowNode[] {
    return flowOf(this.place.laneContainers, this.orphans, this.#names);
  }

  /** Of exec-starts, of recorders, or of both. */
  #deploy(type: DeployType, choice: number): boolean {
    const { keeper, counts } = this;
    if (!keeper.isUp) return false;
    const name = String(++counts.deploys);
    const which = Math.floor(choice * 3);
    if (which !== 1) this.#names = { ...this.#names, starts: name };
    if (which !== 2) this.#names = { ...this.#names, recorders: name };
    keeper.nodeRed.deploy(this.#flow, type).catch(() => {
      // Node-RED was killed meanwhile.
    });
    return true;
  }

  #killRuntime(choice: number): boolean {
    const runtimes = findRuntimes(this.stateDir);
    const runtime = runtimes[Math.floor(choice * runtimes.length)];
    if (runtime === undefined) return false;
    const { runtimeKills } = this.counts;
    runtimeKills.set(runtime.sessionId, (runtimeKills.get(runtime.sessionId) ?? 0) + 1);
    return process.kill(runtime.pid, "SIGKILL");
  }

  async #removeSessions(): Promise<void> {
    if (namesIn(join(this.stateDir, "sessions")).length === 0) return;
    const { stateDir, orphans } = this;
    const { service } = await connectSessionHost({ stateDir, orphans }, { program: HOST_PROGRAM });
    try {
      for (const { id } of await service.list()) await service.remove(id, { force: true });
    } finally {
      await service.close();
    }
  }
}
