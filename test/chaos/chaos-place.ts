import { createCipheriv } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContainerYard, type OciContainer } from "../support/containers.ts";
import { POOL_BYTES } from "./job.ts";
import type { Lane, LaneContainer } from "./lane.ts";

const POOL_FILE = "pool";
/** AES in counter mode makes as many random bytes of one key as one likes. */
const CIPHER = "aes-128-ctr";
const KEY_BYTES = 16;

/** What all of a run's worlds share: a container of crun and one of runc, and the random bytes that commands print. */
export class ChaosPlace {
  readonly pool: Buffer;
  /** What reaches the flow is written down here. */
  readonly recordings: string;
  readonly containers: Readonly<Record<"crun" | "runc", OciContainer>>;
  readonly #folder: string;
  readonly #yards: readonly ContainerYard[];

  private constructor(folder: string, yards: readonly ContainerYard[], containers: ChaosPlace["containers"]) {
    this.#folder = folder;
    this.#yards = yards;
    this.containers = containers;
    this.pool = createCipheriv(CIPHER, Buffer.alloc(KEY_BYTES), Buffer.alloc(KEY_BYTES)).update(
      Buffer.alloc(POOL_BYTES),
    );
    this.recordings = join(folder, "recordings");
    mkdirSync(this.recordings);
    for (const root of [folder, containers.crun.rootFileSystem, containers.runc.rootFileSystem]) {
      writeFileSync(join(root, POOL_FILE), this.pool);
    }
  }

  static async open(): Promise<ChaosPlace> {
    const crun = await ContainerYard.open("crun");
    const runc = await ContainerYard.open("runc");
    const containers = { crun: await crun.startContainer(), runc: await runc.startContainer() };
    return new ChaosPlace(mkdtempSync(join(tmpdir(), "chaos-")), [crun, runc], containers);
  }

  get laneContainers(): Readonly<Record<"crun" | "runc", LaneContainer>> {
    const describe = ({ id, program, root }: OciContainer): LaneContainer => ({
      runtimePath: program,
      runtimeRoot: root,
      container: id,
    });
    return { crun: describe(this.containers.crun), runc: describe(this.containers.runc) };
  }

  /** Where a lane's commands find the random bytes. */
  poolPath({ runtime }: Lane): string {
    return runtime === "local" ? join(this.#folder, POOL_FILE) : `/${POOL_FILE}`;
  }

  /** Removes everything, and fails if a container, a mount or a cgroup is left. */
  async close(): Promise<void> {
    for (const yard of this.#yards) await yard.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
