import type { ExecSession } from "./exec-session.ts";
import type { ListFilter, SessionSummary } from "./session-service.ts";

/** A session's row in the list. */
export function summarizeSession(session: ExecSession): SessionSummary {
  return {
    id: session.id,
    state: session.state,
    legacy: false,
    command: session.config.command,
    containerId: session.container.id,
    pid: session.pid,
    createdAt: session.createdAt,
    labels: session.config.labels,
    end: session.end,
  };
}

/** Whether a row has everything that the filter asks for; an empty filter asks for nothing. */
export function matchesFilter(row: SessionSummary, filter: ListFilter): boolean {
  if (filter.container !== undefined && row.containerId !== filter.container) return false;
  if (filter.state !== undefined && row.state !== filter.state) return false;
  return Object.entries(filter.labels ?? {}).every(([name, value]) => row.labels[name] === value);
}
