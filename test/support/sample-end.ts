import type { EndRecord } from "../../src/session/exec-session.ts";

/** A command that ran for 1.5 s and exited with 0. */
export const EXITED: EndRecord = {
  exitCode: 0,
  signal: null,
  reason: "exited",
  startError: null,
  startedAt: "2026-01-02T03:04:05.000Z",
  endedAt: "2026-01-02T03:04:06.500Z",
  heldOpen: false,
  truncated: 0,
};
