import { existsSync } from "node:fs";
import { type HostFile, readHostFile } from "../api/host-file.ts";
import { readSystemdUnit } from "../process/systemd-unit.ts";
import { isSeenAlive } from "./seen-alive.ts";
import { mayStartHost } from "./start-policy.ts";
import { createScopePrefix, type ScopeOptions } from "./systemd-scope.ts";

/** A systemd unit, such as `nodered.service`, when it is stopped or restarted; or the container that both are in. */
export type SharedFate = { readonly kind: "unit"; readonly unit: string } | { readonly kind: "container" };

/** The session host of a state directory, without asking it. Null: none runs that could be seen from here. */
export function findLocalHost(stateDir: string): HostFile | null {
  const host = readHostFile(stateDir);
  // One that cannot be seen from here runs in another container, or on another machine.
  return host !== null && isSeenAlive(host) ? host : null;
}

/** What ends a host together with this process. Null: nothing that is known. */
export function findSharedFate(host: HostFile | null): SharedFate | null {
  if (host === null) return null;
  const isElsewhere = host.unit !== null && host.unit !== readSystemdUnit(process.pid);
  return isElsewhere ? null : fateIn({ unit: host.unit, containerMarks: CONTAINER_MARKS });
}

/** Where a process runs. */
export interface ProcessPlace {
  /** Its systemd unit, if it is in one. */
  readonly unit: string | null;
  /** Files of which one is there if it is in a container. */
  readonly containerMarks: readonly string[];
  /** Absent: systemd's own ways. */
  readonly scope?: ScopeOptions;
}

/** What would end a host that this process started now, together with it. Starts none. Null: nothing that is known. */
export async function foreseeSharedFate(place: ProcessPlace = ownPlace()): Promise<SharedFate | null> {
  const fate = fateIn(place);
  if (fate === null || !mayStartHost()) return null;
  const isApart = (await createScopePrefix(place.scope)).length > 0;
  return isApart ? null : fate;
}

function fateIn({ unit, containerMarks }: ProcessPlace): SharedFate | null {
  if (unit !== null) return { kind: "unit", unit };
  return containerMarks.some((path) => existsSync(path)) ? { kind: "container" } : null;
}

/** Docker and Podman put them into every container. */
const CONTAINER_MARKS = ["/.dockerenv", "/run/.containerenv"];

function ownPlace(): ProcessPlace {
  return { unit: readSystemdUnit(process.pid), containerMarks: CONTAINER_MARKS };
}
