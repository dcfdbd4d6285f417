import { FileOutputLogs } from "../src/output/file-output-logs.ts";
import { findLegacyProcess } from "../src/runtime/find-legacy-process.ts";
import { listContainers } from "../src/runtime/list-containers.ts";
import { Runtimes } from "../src/runtime/runtimes.ts";
import { createApiServer } from "../src/server/api-server.ts";
import { KnownRuntimes } from "../src/server/known-runtimes.ts";
import { openSessionManager } from "../src/session/session-manager.ts";
import { FileSessionStore } from "../src/store/file-store.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const LASTING = { maxEnded: Number.POSITIVE_INFINITY, maxAgeMs: YEAR_MS, everyMs: 2 ** 31 - 1 };

/** A session host that removes no session by itself: its state directory and its socket are its arguments. */
const [stateDir = "", socketPath = ""] = process.argv.slice(2);
const report = (sentence: string) => console.error(sentence);
const { provider } = new Runtimes();
const service = await openSessionManager({
  store: new FileSessionStore(stateDir),
  outputs: new FileOutputLogs(),
  runtimes: provider,
  findLegacyProcess,
  retention: LASTING,
  report,
});
const containers = new KnownRuntimes({ provider, specs: [], listContainers, report });
await createApiServer(service, { containers, packageVersion: "0.0.0", report }).listen(socketPath);
process.send?.("ready");
process.once("disconnect", () => process.exit());
