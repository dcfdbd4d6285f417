import { join } from "node:path";
import { startOciContainer } from "../scripts/oci-container.ts";
import type { ContainerRef } from "../src/session/exec-session.ts";
import { type EngineContainer, startDockerContainer, startPodmanContainer } from "./engines.ts";

const OCI_RUNTIMES = ["crun", "runc"] as const;
const ENGINES = { podman: startPodmanContainer, docker: startDockerContainer } as const;

/** A container of an OCI runtime, and the bare command line that runs a command in it. */
export interface OciPlace {
  readonly kind: "crun" | "runc";
  readonly target: ContainerRef;
  readonly execCommand: readonly [string, ...string[]];
}

/** Where commands can be run here, in all ways that are compared. */
export interface Places {
  readonly runtimes: readonly OciPlace[];
  readonly engines: readonly EngineContainer[];
  /** Why something is not there. */
  readonly skipped: readonly string[];
  close(): Promise<void>;
}

/** Starts a container of every runtime and engine that is installed, with all they need below a folder. */
export async function openPlaces(folder: string): Promise<Places> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const skipped: string[] = [];
  const runtimes: OciPlace[] = [];
  const engines: EngineContainer[] = [];
  const attempt = async (name: string, start: () => Promise<void>) => {
    try {
      await start();
    } catch (error) {
      skipped.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const kind of OCI_RUNTIMES) {
    await attempt(kind, async () => {
      const place = { root: join(folder, `${kind}-root`), id: "bench", folder: join(folder, kind) };
      const container = await startOciContainer({ program: kind, ...place });
      cleanups.push(() => container.remove());
      runtimes.push({
        kind,
        target: { runtime: { kind, path: "", root: container.root }, container: container.id },
        execCommand: [kind, "--root", container.root, "exec", container.id],
      });
    });
  }
  for (const [name, start] of Object.entries(ENGINES)) {
    await attempt(name, async () => {
      const engine = await start(join(folder, name));
      cleanups.push(() => engine.stop());
      engines.push(engine);
    });
  }
  return {
    runtimes,
    engines,
    skipped,
    close: async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
}
