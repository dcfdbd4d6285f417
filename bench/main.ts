import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionService } from "../src/node-red/create-session-service.ts";
import { measureEndedSessions } from "./ended-sessions.ts";
import { measureHost } from "./host-memory.ts";
import { measureOutputThroughput } from "./output-throughput.ts";
import { startPackagedHost } from "./packaged-host.ts";
import { openPlaces } from "./places.ts";
import { measureRoundTrips } from "./round-trip.ts";
import { printTable } from "./table.ts";

await main();

/** npm run bench: everything in one run. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "exec-sessions-bench-"));
  const cleanups = [() => rm(folder, { recursive: true, force: true })];
  try {
    printTable("A session host", await measureHost());
    const inside = await createSessionService({ stateDir: join(folder, "state") }, console.error);
    cleanups.push(() => inside.close());
    printTable("With many ended sessions, through a host", await measureEndedSessions(inside));
    const host = await startPackagedHost();
    cleanups.push(() => host.stop());
    const places = await openPlaces(folder);
    cleanups.push(() => places.close());
    const parts = { places, engines: places.engines, inside, host: host.service };
    printTable("Round trip of `true`: create, start, end, remove", await measureRoundTrips(parts));
    printTable("Output of one command", await measureOutputThroughput(parts));
    for (const reason of places.skipped) console.log(`not measured: ${reason}`);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}
