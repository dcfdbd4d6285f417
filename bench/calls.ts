import { inBenchWorld } from "./bench-world.ts";
import { measureEndedSessions } from "./ended-sessions.ts";
import { measureHost } from "./host-memory.ts";
import { measureRoundTrips } from "./round-trip.ts";
import { printTable } from "./table.ts";

/** The first part of npm run bench: what a host and its calls cost. */
await inBenchWorld(async (world) => {
  printTable("Round trip of `true`: create, start, end, remove", await measureRoundTrips(world));
  printTable("With many ended sessions, through a host", await measureEndedSessions(world.inside));
});
printTable("A session host", await measureHost());
