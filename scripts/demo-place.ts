import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { startOciContainer } from "./oci-container.ts";

/** Where the demo's job runs: the fields of an exec-container node, and how to say it. */
export interface DemoPlace {
  readonly runtime: "crun" | "runc" | "local";
  readonly runtimeRoot: string;
  readonly container: string;
  readonly sentence: string;
  /** Removes what was made for it. */
  remove(): Promise<void>;
}

const RUNTIMES = ["crun", "runc"] as const;

/** A real container if this machine lets one be made, else this machine itself; `sentence` says which and why. */
export async function choosePlace(folder: string): Promise<DemoPlace> {
  const reasons: string[] = [];
  for (const runtime of RUNTIMES) {
    const obstacle = obstacleTo(runtime);
    if (obstacle === undefined) {
      try {
        return await startContainer(runtime, folder);
      } catch (error) {
        reasons.push(
          `${runtime} could not make a container: ${error instanceof Error ? error.message : error}`,
        );
      }
    } else {
      reasons.push(obstacle);
    }
  }
  return {
    runtime: "local",
    runtimeRoot: "",
    container: "local",
    sentence: `The job runs on this machine, without a container, because ${[...new Set(reasons)].join(", and ")}.`,
    remove: async () => {},
  };
}

function obstacleTo(runtime: string): string | undefined {
  if (process.platform !== "linux") return "OCI runtimes need Linux";
  if (process.getuid?.() !== 0) return "only root may make containers here";
  return spawnSync(runtime, ["--version"]).status === 0 ? undefined : `${runtime} is not installed`;
}

async function startContainer(runtime: "crun" | "runc", folder: string): Promise<DemoPlace> {
  const runtimeRoot = join(folder, `${runtime}-root`);
  // The machine names cgroups after it, so it has to be this run's own.
  const id = `exec-sessions-demo-${process.pid}`;
  const container = await startOciContainer({
    program: runtime,
    root: runtimeRoot,
    id,
    folder: join(folder, id),
  });
  return {
    runtime,
    runtimeRoot,
    container: id,
    sentence: `The job runs in a real container, ${id}, which ${runtime} has made from this machine's own files.`,
    remove: () => container.remove(),
  };
}
