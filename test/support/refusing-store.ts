import type { ExecSession } from "../../src/session/exec-session.ts";
import { type ErrorCode, SessionError } from "../../src/session/session-error.ts";
import { MemorySessionStore } from "../../src/store/memory-store.ts";

/** A store on a disk that takes some records and refuses others. */
export class RefusingStore extends MemorySessionStore {
  /** Which records are refused. */
  refuses: (session: ExecSession) => boolean = () => false;
  /** With which error. */
  code: ErrorCode = "EXEC_STORE_FAILED";
  /** How many records have been refused. */
  refused = 0;

  override async begin(id: string): Promise<void> {
    const session = this.snapshot().sessions.find((each) => each.id === id);
    if (session === undefined || !this.refuses({ ...session, state: "running" })) return super.begin(id);
    this.refused++;
    throw new SessionError(this.code, "The disk is full.");
  }

  override async save(session: ExecSession): Promise<void> {
    if (!this.refuses(session)) return super.save(session);
    this.refused++;
    throw new SessionError(this.code, "The disk is full.");
  }
}
