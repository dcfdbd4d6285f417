import type { LegacySession } from "./exec-session.ts";
import type { ExecProcess } from "./runtime.ts";
import { SessionError } from "./session-error.ts";
import type { SessionSummary } from "./session-service.ts";
import type { SessionStore } from "./session-store.ts";
import type { StopRequest } from "./stop-escalation.ts";
import { StopEscalation } from "./stop-escalation.ts";

/** Finds the process of an old record, if the record's age proves that the pid is still the same process. */
export type LegacyProcessFinder = (legacy: LegacySession) => Promise<ExecProcess | null>;

/** Sessions of the old form `{id, command, pid}`: listed, stoppable, removable, and dropped once their process is dead. */
export class LegacySessions {
  readonly #byId = new Map<string, LegacySession>();
  readonly #store: SessionStore;
  readonly #find: LegacyProcessFinder;

  constructor(sessions: readonly LegacySession[], store: SessionStore, find: LegacyProcessFinder) {
    for (const session of sessions) this.#byId.set(session.id, session);
    this.#store = store;
    this.#find = find;
  }

  has(id: unknown): id is string {
    return typeof id === "string" && this.#byId.has(id);
  }

  async list(): Promise<SessionSummary[]> {
    const rows = await Promise.all(
      [...this.#byId.values()].map(async (legacy) => ((await this.#live(legacy)) ? toSummary(legacy) : [])),
    );
    return rows.flat();
  }

  /** Stops the process and drops the record. */
  async stop(id: string, request: StopRequest): Promise<void> {
    const legacy = this.#byId.get(id);
    const process = legacy === undefined ? null : await this.#live(legacy);
    if (process === null) return;
    await new StopEscalation(process).run(request);
    await process.exited;
    process.release();
    await this.#drop(id);
  }

  /** Drops the record; refused while the process lives, unless a stop request is given. */
  async remove(id: string, force: StopRequest | null): Promise<void> {
    const legacy = this.#byId.get(id);
    const process = legacy === undefined ? null : await this.#live(legacy);
    if (process === null) return;
    if (force === null) {
      throw new SessionError(
        "EXEC_WRONG_STATE",
        `Cannot remove legacy session ${id}, which is running: stop it first, or remove it with force.`,
        {
          details: { verb: "remove", sessionId: id, state: "running" },
        },
      );
    }
    await this.stop(id, force);
  }

  /** The record's process; a dead one's record is dropped. */
  async #live(legacy: LegacySession): Promise<ExecProcess | null> {
    const process = await this.#find(legacy);
    if (process === null) await this.#drop(legacy.id);
    return process;
  }

  async #drop(id: string): Promise<void> {
    this.#byId.delete(id);
    await this.#store.remove(id);
  }
}

function toSummary(legacy: LegacySession): SessionSummary {
  return {
    id: legacy.id,
    state: "running",
    legacy: true,
    command: legacy.command,
    containerId: "",
    pid: legacy.pid,
    createdAt: null,
    labels: {},
    end: null,
  };
}
