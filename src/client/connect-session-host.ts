import { type HostOptionsInput, parseHostOptions } from "../api/host-options.ts";
import { askAgainIfBroken } from "./ask-again.ts";
import { askAnyVersion } from "./ask-any-version.ts";
import { HostDialer } from "./host-dialer.ts";
import { assertCompatible, type HostVersion, isOutdated, parseHostVersion } from "./host-version.ts";
import type { LaunchOptions } from "./launch-session-host.ts";
import { askToLeave } from "./replace-host.ts";
import { SessionClient } from "./session-client.ts";
import { findLocalHost, findSharedFate, type SharedFate } from "./shared-fate.ts";

/** A session host, found or started. */
export interface ConnectedHost {
  /**
   * Its sessions. A call that finds no host any more starts one; a call that was under way when the host went fails with
   * EXEC_HOST_UNREACHABLE.
   */
  readonly service: SessionClient;
  /** Where it listens now. */
  readonly socket: string;
  readonly pid: number;
  /** Of its package. */
  readonly version: string;
  /** An older host goes on because sessions run in it; it leaves when they have ended. */
  readonly isOutdated: boolean;
  /** What ends the host, and so its sessions, together with this process. Null: nothing that is known. */
  readonly endsWith: SharedFate | null;
}

/**
 * Connects to the session host of a state directory; starts one if there is none, and replaces an older one in which no
 * session runs. The options are for a host that is started. Throws what kept a host from serving, or EXEC_API_VERSION.
 */
export async function connectSessionHost(
  options: HostOptionsInput,
  launch: LaunchOptions = {},
): Promise<ConnectedHost> {
  const dialer = new HostDialer(parseHostOptions(options), launch);
  const found = await askVersion(dialer);
  const hasLeft = isOutdated(found) && (await askToLeave(dialer, found));
  const host = hasLeft ? await askVersion(dialer) : found;
  assertCompatible(host);
  return {
    service: new SessionClient({ socketPath: dialer.socketPath, connect: () => dialer.connect() }),
    socket: dialer.socketPath,
    pid: host.pid,
    version: host.version,
    isOutdated: isOutdated(host),
    endsWith: findSharedFate(findLocalHost(dialer.stateDir)),
  };
}

async function askVersion(dialer: HostDialer): Promise<HostVersion> {
  const answer = await askAgainIfBroken(async () =>
    askAnyVersion(await dialer.connect(), "/version", dialer.socketPath),
  );
  return parseHostVersion(answer);
}
