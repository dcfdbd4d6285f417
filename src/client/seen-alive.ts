import type { HostFile } from "../api/host-file.ts";
import { isSameProcessAlive, ownPidNamespace } from "../process/process-identity.ts";

/** Whether a host is seen to live. One in another container is not to be seen, whatever process has its pid here. */
export function isSeenAlive(host: HostFile): boolean {
  return host.pidNamespace === ownPidNamespace() && isSameProcessAlive(host);
}
