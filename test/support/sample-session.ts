import { parseExecConfig } from "../../src/session/exec-config.ts";
import { type ExecSession, NO_OUTPUT } from "../../src/session/exec-session.ts";

/** The record of a session just created, with what a test cares about in its place. */
export function sampleSession(changes: Partial<ExecSession> = {}): ExecSession {
  return {
    id: "0123456789abcdef".repeat(4),
    revision: 1,
    state: "created",
    runtime: { kind: "local", path: "", root: "" },
    container: { id: "web", name: "web", stopTimeout: null },
    config: parseExecConfig({ command: ["true"] }),
    resolved: {
      user: { uid: 0, gid: 0, additionalGids: [] },
      workDir: "/",
      environmentNames: ["PATH"],
    },
    createdAt: "2026-01-02T03:04:05.678Z",
    startedAt: null,
    pid: null,
    identity: null,
    output: NO_OUTPUT,
    end: null,
    ...changes,
  };
}
