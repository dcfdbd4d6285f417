import type { EndRecord } from "./exec-session.ts";
import type { SignalName } from "./signals.ts";
import type { TerminalSize } from "./terminal-size.ts";

interface EventBase {
  /** Counts this service's events, from 1, without gaps. */
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
  readonly sessionId: string;
  readonly containerId: string;
}

/** What happened to a session, and its facts. No event holds output, arguments or the environment. */
export type SessionEventBody =
  | { readonly type: "created" }
  | { readonly type: "started"; readonly pid: number | null }
  | { readonly type: "resized"; readonly size: TerminalSize }
  | {
      readonly type: "stopping";
      readonly signal: SignalName;
      readonly cause: "stop" | "timeout" | "outputLimit" | "remove";
    }
  | { readonly type: "detached"; readonly by: "keys" }
  | { readonly type: "outputError"; readonly text: string }
  | { readonly type: "exited"; readonly end: EndRecord }
  | { readonly type: "lost"; readonly end: EndRecord }
  | { readonly type: "removed" };

/** A session's life-cycle event; each is told exactly once. */
export type SessionEvent = EventBase & SessionEventBody;
