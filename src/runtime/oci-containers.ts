import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { findProcess, type HostProcess, identifyProcess } from "../process/host-process.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import type { Container } from "../session/runtime.ts";
import { errorText, SessionError } from "../session/session-error.ts";
import { ContainerRoot } from "./container-root.ts";
import { Freezer, type FreezerReading } from "./freezer.ts";
import type { OciProcess } from "./oci-process.ts";
import { type OciState, readOciState } from "./oci-state.ts";

/** What stays the same of a container as long as its first process runs. */
interface RunningContainer {
  readonly id: string;
  readonly init: HostProcess;
  readonly isFrozen: FreezerReading;
  readonly process: OciProcess;
  /** The root file system's folder, as config.json has it. */
  readonly rootPath: string;
}

/** Beyond this number those that were asked about the longest time ago are forgotten, and asked about again. */
const MAX_KNOWN = 256;

/**
 * The containers of one runtime. The runtime is asked once for each container; what it said holds exactly as long as the
 * container's first process is the same, and whether it is paused is read from the kernel.
 */
export class OciContainers {
  readonly #program: string;
  readonly #spec: RuntimeSpec;
  readonly #freezer = new Freezer();
  readonly #known = new Map<string, RunningContainer>();

  constructor(program: string, spec: RuntimeSpec) {
    this.#program = program;
    this.#spec = spec;
  }

  /** The container as it is now. Throws EXEC_CONTAINER_NOT_FOUND or EXEC_RUNTIME_FAILED. */
  async find(id: string): Promise<Container> {
    const known = this.#known.get(id);
    const isFrozen = known?.isFrozen();
    // Looked at last: the state of a process that has ended by now would be that of nobody.
    if (isFrozen !== undefined && this.#findKnown(id) !== undefined) {
      return toContainer(id, isFrozen ? "paused" : "running");
    }
    const state = await this.#ask(id);
    return toContainer(state.id, state.state);
  }

  /** The process of its config.json, which every command in it starts from. Throws EXEC_CONTAINER_NOT_RUNNING. */
  async process(id: string): Promise<OciProcess> {
    return (await this.#running(id)).process;
  }

  /** Opens its root as its own processes see it, mounts included. Throws EXEC_CONTAINER_NOT_RUNNING. */
  async openRoot(id: string): Promise<ContainerRoot> {
    const { init, rootPath } = await this.#running(id);
    const root = await ContainerRoot.open(`/proc/${init.pid}/root`).catch(() => undefined);
    if (root !== undefined && findProcess(init) !== null) return root;
    await root?.close();
    // Not ours to look at in /proc, as where it is mounted with hidepid: without its mounts the root itself has to do.
    return ContainerRoot.open(rootPath);
  }

  async #running(id: string): Promise<RunningContainer> {
    const known = this.#findKnown(id);
    if (known !== undefined) return known;
    const { state } = await this.#ask(id);
    const found = this.#findKnown(id);
    if (found !== undefined) return found;
    throw new SessionError(
      "EXEC_CONTAINER_NOT_RUNNING",
      `Container ${id} is ${state}; start it before running commands in it.`,
      { details: { container: id, state } },
    );
  }

  #findKnown(id: string): RunningContainer | undefined {
    const known = this.#known.get(id);
    if (known === undefined || findProcess(known.init) !== null) return known;
    this.#known.delete(id);
    return undefined;
  }

  /** Asks the runtime, and remembers what it says of a container that runs. */
  async #ask(id: string): Promise<OciState> {
    const state = await readOciState(this.#program, this.#spec, id);
    if (state.state !== "running" && state.state !== "paused") return state;
    const init = identifyProcess(state.pid);
    if (init.startTime === null) return { ...state, state: "stopped" };
    const config = await readConfig(state);
    this.#remember({ id, init, isFrozen: this.#freezer.of(init.pid), ...config });
    return state;
  }

  #remember(container: RunningContainer): void {
    this.#known.delete(container.id);
    this.#known.set(container.id, container);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

function toContainer(id: string, state: Container["state"]): Container {
  return { id, name: id, state, stopTimeout: null };
}

async function readConfig({ id, bundle }: OciState): Promise<Pick<RunningContainer, "process" | "rootPath">> {
  const path = `${bundle}/config.json`;
  try {
    const config: unknown = JSON.parse(await readFile(path, "utf8"));
    const { process, root } = Object(config);
    if (!isProcess(process)) throw new Error("it has no process with a user and a working directory");
    return { process, rootPath: resolve(bundle, String(root?.path ?? "rootfs")) };
  } catch (error) {
    throw new SessionError(
      "EXEC_RUNTIME_FAILED",
      `The configuration of container ${id} could not be read from ${path}: ${errorText(error)}`,
      { details: { container: id, path }, cause: error },
    );
  }
}

function isProcess(raw: unknown): raw is OciProcess {
  const { user, cwd } = Object(raw);
  return typeof cwd === "string" && typeof user?.uid === "number" && typeof user.gid === "number";
}
