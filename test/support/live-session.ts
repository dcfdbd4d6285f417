import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import { EventLog } from "../../src/session/event-log.ts";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { LiveSession } from "../../src/session/live-session.ts";
import { SessionOutput } from "../../src/session/session-output.ts";
import { MemorySessionStore } from "../../src/store/memory-store.ts";
import { FakeMachine, FakeRuntime } from "./fake-runtime.ts";
import { sampleSession } from "./sample-session.ts";

/** A session as a manager has it after opening its records: nothing of it runs, nothing of it has been read. */
export function createLiveSession(changes: Partial<ExecSession>): LiveSession {
  const record = sampleSession(changes);
  const store = new MemorySessionStore();
  const runtime = new FakeRuntime(new FakeMachine());
  const observer = { onLimit: () => {}, onError: () => {} };
  const options = { bundle: store.bundle(record.id), limits: record.config.output, observer };
  const output = new SessionOutput(new MemoryOutputLogs(), options, { totals: record.output, isNew: false });
  return new LiveSession(record, output, {
    store,
    events: new EventLog(),
    runtimes: async () => runtime,
    report: () => {},
    onEnded: () => {},
    onRemoved: () => {},
  });
}
