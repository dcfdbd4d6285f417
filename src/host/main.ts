import { runHost } from "./run-host.ts";

/** A session host as a process of its own; its only argument is its options as JSON. */
await runHost(JSON.parse(process.argv[2] ?? "null"), { isWatched: false });
process.exit();
