import type { ExecSession, LegacySession } from "./exec-session.ts";

/** A file that is no readable record. It was moved out of the way, not deleted. */
export interface SetAside {
  /** Where it is now. */
  readonly path: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/**
 * In a session's bundle: there, without content, before the session is started; then with its command's pid, by its runtime.
 * So the next manager knows that there may be a command, and which, if this one dies before it has told anybody.
 */
export const PID_FILE = "exec_pid";

export interface StoreContents {
  readonly sessions: readonly ExecSession[];
  readonly legacy: readonly LegacySession[];
  readonly setAside: readonly SetAside[];
}

/** Keeps the records. Its owner is the only writer; unless it is open, every change of it throws EXEC_CLOSED. */
export interface SessionStore {
  /**
   * Takes ownership and reads everything. Throws EXEC_STATE_DIR_UNUSABLE or EXEC_STATE_DIR_IN_USE (naming the owner's
   * pid); a torn, empty or foreign file is set aside and never fatal.
   */
  open(): Promise<StoreContents>;
  /** Makes the session's bundle and writes its first record, or leaves nothing behind. Throws EXEC_STORE_FAILED. */
  create(session: ExecSession): Promise<void>;
  /**
   * Says that a session is about to be started: whoever opens the store next finds it running, also if no other record of it
   * has been saved by then. Throws what `save` throws.
   */
  begin(id: string): Promise<void>;
  /** Tells a record that will be saved soon: if records have to be written again before that, this is the one. Writes nothing. */
  expect(session: ExecSession): void;
  /**
   * Writes a record whole or not at all; of several waiting revisions only the newest is written. The end
   * of a command that ran for a second or longer also survives a power cut. Throws EXEC_STORE_FAILED, EXEC_STATE_DIR_LOST once the ownership is gone, or
   * EXEC_SESSION_NOT_FOUND for what was never created or whose removal has been asked for: it never comes back.
   */
  save(session: ExecSession): Promise<void>;
  /** Deletes the bundle's files but the record. */
  cleanup(id: string): Promise<void>;
  /** Deletes record and bundle; also of legacy sessions. Nothing there: nothing to do. */
  remove(id: string): Promise<void>;
  /** The folder of a session's own files. */
  bundle(id: string): string;
  /** Gives up ownership, once what is being written is written. */
  close(): Promise<void>;
}
