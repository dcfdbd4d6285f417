import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OciConfig, type OciContainer, startOciContainer } from "../../scripts/oci-container.ts";
import { findTool } from "./requirements.ts";

export type { OciConfig, OciContainer } from "../../scripts/oci-container.ts";

/** A private `--root` of one runtime, and the containers that a suite makes in it. */
export class ContainerYard {
  readonly kind: "crun" | "runc";
  readonly program: string;
  /** The runtime's `--root`. */
  readonly root: string;
  /** Has the root, and the bundles. */
  readonly folder: string;
  readonly #containers: OciContainer[] = [];

  private constructor(kind: "crun" | "runc", program: string, folder: string) {
    this.kind = kind;
    this.program = program;
    this.root = join(folder, "root");
    this.folder = folder;
  }

  static async open(kind: "crun" | "runc"): Promise<ContainerYard> {
    const program = findTool(kind);
    assert(program !== undefined, `${kind} is installed`);
    // runc takes no path with a symbolic link in it.
    const folder = await realpath(await mkdtemp(join(tmpdir(), `yard-${kind}-`)));
    return new ContainerYard(kind, program, folder);
  }

  get spec(): { readonly kind: "crun" | "runc"; readonly path: string; readonly root: string } {
    return { kind: this.kind, path: this.program, root: this.root };
  }

  /** Makes and starts a container; the yard removes it when it closes. */
  async startContainer(configure?: (config: OciConfig) => void): Promise<OciContainer> {
    // Cgroups are named after the id and shared by the whole machine, so the id must be this run's own.
    const id = `yard-${process.pid}-${this.kind}-${this.#containers.length + 1}`;
    const container = await startOciContainer({
      program: this.program,
      root: this.root,
      id,
      folder: join(this.folder, id),
      ...(configure && { configure }),
    });
    this.#containers.push(container);
    return container;
  }

  /** Removes everything, and fails if a container, a mount or a cgroup is left. */
  async close(): Promise<void> {
    for (const container of this.#containers) await container.remove();
    const left = {
      containers: await readdir(this.root).catch(() => []),
      mounts: (await readFile("/proc/self/mounts", "utf8"))
        .split("\n")
        .filter((line) => line.includes(this.folder)),
      cgroups: await this.#findCgroups(),
    };
    await rm(this.folder, { recursive: true, force: true });
    assert.deepEqual(left, { containers: [], mounts: [], cgroups: [] });
  }

  async #findCgroups(): Promise<string[]> {
    const folders = await readdir("/sys/fs/cgroup", { recursive: true });
    return folders.filter((path) => this.#containers.some(({ id }) => path.endsWith(id)));
  }
}
