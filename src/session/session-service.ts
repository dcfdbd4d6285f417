import type { ExecConfigInput } from "./exec-config.ts";
import type { ContainerRef, EndRecord, ExecSession, SessionState } from "./exec-session.ts";
import type { OutputChunk } from "./output-log.ts";
import type { SessionError } from "./session-error.ts";
import type { SessionEvent } from "./session-event.ts";
import type { SessionInspect } from "./session-inspect.ts";
import type { TerminalSize } from "./terminal-size.ts";

export interface AttachOptions {
  /** Where in the output to begin. Absent: where the registered consumer has come to, else 0, the beginning. */
  readonly offset?: number;
  /** Typed input goes through the session's detach keys (TTY sessions only). Absent: false. */
  readonly interactive?: boolean;
  /**
   * Registers a consumer under this name: output it has not acknowledged is kept within the limits, and where it has come
   * to is kept too, whoever serves the session then. Such an attachment has to be closed, also once it has ended. Absent:
   * what this attachment has not read may be dropped first.
   */
  readonly consumer?: string;
  /**
   * The bytes of a chunk are only lent, until the next one is asked for or the iteration ends: for a reader that passes them
   * on or copies them, and much the fastest. Absent: they are the reader's, to keep.
   */
  readonly borrow?: boolean;
}

/**
 * Why an attachment ended: the session did; its output was deleted before all of it had been read (`end` is null if the
 * session never ran); the user typed the detach keys; its owner closed it; the connection to the session host broke, or
 * its output could not be read on, and the iteration has thrown.
 */
export type AttachmentEnd =
  | { readonly kind: "ended"; readonly end: EndRecord }
  | { readonly kind: "removed"; readonly end: EndRecord | null }
  | { readonly kind: "detached"; readonly by: "keys" | "close" | "failure" };

/** One reader, and maybe writer, of a session. Iterate over it once; the iteration ends after the last byte. */
export interface Attachment extends AsyncIterable<OutputChunk> {
  readonly sessionId: string;
  /** Settles after the last byte has been read by this attachment, or it has been detached. Never rejects. */
  readonly ended: Promise<AttachmentEnd>;
  /** Sends bytes to standard input; resolves when more are welcome. Throws EXEC_STDIN_*, EXEC_WRONG_STATE. */
  write(data: Uint8Array): Promise<void>;
  /** Ends standard input. */
  endInput(): Promise<void>;
  /** Acknowledges all output before this offset, for the registered consumer, until the attachment is closed. */
  advance(offset: number): void;
  /** Detaches; the session goes on. A consumer stays registered, so that it can come back, unless `forget` is set. */
  close(options?: { readonly forget?: boolean }): void;
}

export interface StopOptions {
  /** Seconds to wait before SIGKILL; 0 sends SIGKILL at once. Absent: the session's `stopTimeout`, else the container's, else 10. */
  readonly timeout?: number;
  /** What to send first. Absent: the session's `stopSignal`, else SIGTERM. */
  readonly signal?: string | number;
}

export interface ListFilter {
  readonly container?: string;
  readonly state?: SessionState;
  /** Labels that a session must have, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A row of the list. Sessions of the old form have no more than these. */
export interface SessionSummary {
  readonly id: string;
  readonly state: SessionState;
  readonly legacy: boolean;
  readonly command: readonly string[];
  readonly containerId: string;
  readonly pid: number | null;
  readonly createdAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly end: EndRecord | null;
}

export interface RemoveAllReport {
  readonly removed: readonly string[];
  readonly failed: readonly { readonly id: string; readonly error: SessionError }[];
}

/** The streams of an all-in-one exec. */
export interface ExecStreams {
  /** What the command reads. Absent: nothing, or what `attachStdin: false` means. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Sizes for the terminal, applied as they come. */
  readonly resizes?: AsyncIterable<TerminalSize>;
  /** Gets every piece of output, one after the other; a promise holds the next one back. */
  readonly output?: (chunk: OutputChunk) => void | Promise<void>;
}

/**
 * Exec sessions: the one interface that nodes, servers and tests see. Ids may be given by a unique beginning.
 * Every method rejects with a SessionError.
 */
export interface SessionService {
  /** Makes a session in a running container. */
  create(target: ContainerRef, config: ExecConfigInput): Promise<ExecSession>;
  /** Starts a created session and leaves it running, detached. */
  start(id: string): Promise<ExecSession>;
  /** Joins a session, in any state, at a byte offset of its output. */
  attach(id: string, options?: AttachOptions): Promise<Attachment>;
  /** Attaches, then starts, so that no byte is missed. */
  startAndAttach(id: string, options?: AttachOptions): Promise<Attachment>;
  /**
   * Signal, wait, SIGKILL to all that is left; resolves with the end record. Concurrent stops share one result. A session
   * that has ended already is left as it is. Null: a session of the old form, whose end nothing records.
   */
  stop(id: string, options?: StopOptions): Promise<EndRecord | null>;
  /** Sends a signal to the command itself. */
  kill(id: string, signal: string | number): Promise<void>;
  resize(id: string, size: TerminalSize): Promise<void>;
  /** Sends bytes to standard input; resolves when more are welcome. */
  write(id: string, data: Uint8Array): Promise<void>;
  /** Ends standard input. */
  endInput(id: string): Promise<void>;
  /** Resolves with the end record once the session has ended; at once if it has. Aborting rejects with the signal's reason. */
  wait(id: string, options?: { readonly signal?: AbortSignal }): Promise<EndRecord>;
  inspect(id: string): Promise<SessionInspect>;
  list(filter?: ListFilter): Promise<readonly SessionSummary[]>;
  /** Deletes the session's files, its output among them; the record stays. */
  cleanup(id: string): Promise<void>;
  /** Deletes the session. Running: refused, or with `force` stopped first. */
  remove(id: string, options?: { readonly force?: boolean }): Promise<void>;
  /** Stops and removes all sessions of a container; goes on past errors and reports each. */
  removeAll(target: ContainerRef): Promise<RemoveAllReport>;
  /** Create, start, attach, wait and remove in one. */
  exec(target: ContainerRef, config: ExecConfigInput, streams?: ExecStreams): Promise<EndRecord>;
  /** Events after `since` that are still kept, then those to come. Absent: only those to come. */
  events(options?: { readonly since?: number; readonly signal?: AbortSignal }): AsyncIterable<SessionEvent>;
  /** Lets go of everything. Sessions that run are left to the next manager. */
  close(): Promise<void>;
}
