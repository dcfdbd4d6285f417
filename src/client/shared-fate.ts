import { existsSync } from "node:fs";
import { type HostFile, readHostFile } from "../api/host-file.ts";
import { readSystemdUnit } from "../process/systemd-unit.ts";
import { isSeenAlive } from "./seen-alive.ts";

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
  const { unit } = host;
  if (unit !== null) return unit === readSystemdUnit(process.pid) ? { kind: "unit", unit } : null;
  return CONTAINER_MARKS.some((path) => existsSync(path)) ? { kind: "container" } : null;
}

/** Docker and Podman put them into every container. */
const CONTAINER_MARKS = ["/.dockerenv", "/run/.containerenv"];
