import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionService } from "../src/node-red/create-session-service.ts";
import type { SessionService } from "../src/session/session-service.ts";
import { startPackagedHost } from "./packaged-host.ts";
import { openPlaces, type Places } from "./places.ts";

/** All that is compared with each other. */
export interface BenchWorld {
  readonly places: Places;
  /** The service inside of this process. */
  readonly inside: SessionService;
  /** The service behind a socket. */
  readonly host: SessionService;
}

/** Runs measurements in a world of their own, which is gone afterwards; tells what this machine has not. */
export async function inBenchWorld(measure: (world: BenchWorld) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "exec-sessions-bench-"));
  const cleanups = [() => rm(folder, { recursive: true, force: true })];
  try {
    const inside = await createSessionService({ stateDir: join(folder, "state") }, console.error);
    cleanups.push(() => inside.close());
    const host = await startPackagedHost();
    cleanups.push(() => host.stop());
    const places = await openPlaces(folder);
    cleanups.push(() => places.close());
    await measure({ places, inside, host: host.service });
    for (const reason of places.skipped) console.log(`not measured: ${reason}`);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}
