import { inBenchWorld } from "./bench-world.ts";
import { measureKeptOutput, measureLiveOutput } from "./output-throughput.ts";
import { printTable } from "./table.ts";

/**
 * The second part of npm run bench, in a process of its own: what other measurements leave in memory would take its part of
 * every collection of garbage, of which output makes many.
 */
await inBenchWorld(async (world) => {
  printTable("Output of one command, as it comes", await measureLiveOutput(world));
  printTable("Output of one command, in this process", await measureKeptOutput(world));
});
