import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CgroupMount, findFolder, readCgroupMounts, readCgroups } from "./cgroup-mounts.ts";

/** Whether a process is frozen or about to be. Undefined: that cannot be read, so its runtime must be asked. */
export type FreezerReading = () => boolean | undefined;

/** Reads from the kernel whether a container is paused, which takes far less time than asking its runtime. */
export class Freezer {
  #mounts: readonly CgroupMount[] | undefined;

  /** Looks a process's control group up; it stays in that as long as it runs. */
  of(pid: number): FreezerReading {
    const read = unlessFailing(() => this.#find(pid))();
    return read === undefined ? () => undefined : unlessFailing(read);
  }

  #find(pid: number): (() => boolean) | undefined {
    this.#mounts ??= readCgroupMounts();
    const entries = readCgroups(pid);
    // Where both versions are mounted, the first one has the freezer if it is among its controllers.
    const entry =
      entries.find(({ controllers }) => controllers.includes("freezer")) ?? entries.find(({ isV2 }) => isV2);
    const mount = this.#mounts.find(({ isV2, controllers }) =>
      entry?.isV2 ? isV2 : !isV2 && controllers.includes("freezer"),
    );
    const folder = entry && mount && findFolder(mount, entry.group);
    if (folder === undefined || entry === undefined) return undefined;
    return () => (entry.isV2 ? isFrozenV2(folder) : isFrozenV1(folder));
  }
}

/** No control groups, none with a freezer, or not ours to read. */
function unlessFailing<T>(read: () => T): () => T | undefined {
  return () => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
}

/** THAWED, FREEZING or FROZEN, also because of a group above. */
function isFrozenV1(folder: string): boolean {
  return readFileSync(join(folder, "freezer.state"), "utf8").trim() !== "THAWED";
}

/** `cgroup.freeze` is what was asked of this group, `frozen` what holds, also because of a group above. */
function isFrozenV2(folder: string): boolean {
  if (readFileSync(join(folder, "cgroup.freeze"), "utf8").trim() === "1") return true;
  return /^frozen 1$/m.test(readFileSync(join(folder, "cgroup.events"), "utf8"));
}
