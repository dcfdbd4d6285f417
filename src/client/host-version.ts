import { API_VERSION } from "../api/api-version.ts";
import { HOST_COMPONENT, versionSchema } from "../api/host-calls.ts";
import { packageVersion } from "../api/package-version.ts";
import { SessionError } from "../session/session-error.ts";
import { badAnswer } from "./host-failure.ts";

/** What a session host says of itself in the first exchange. */
export interface HostVersion {
  readonly pid: number;
  /** Of its package. */
  readonly version: string;
  readonly oldestApi: number;
  readonly newestApi: number;
}

/** Takes what a host has answered on `/version`. Throws EXEC_BAD_ANSWER if no session host answers so. */
export function parseHostVersion(answer: unknown): HostVersion {
  const components = versionSchema.safeParse(answer).data?.Components ?? [];
  const host = components.find(({ Name }) => Name === HOST_COMPONENT);
  if (host === undefined) throw badAnswer("as no session host does");
  const { Pid, MinApiVersion, ApiVersion } = host.Details;
  return {
    pid: Number(Pid),
    version: host.Version,
    oldestApi: Number(MinApiVersion),
    newestApi: Number(ApiVersion),
  };
}

/** Whether the host should make way for one of this package's version: it is older, or takes no calls from here. */
export function isOutdated(host: HostVersion): boolean {
  return !isCompatible(host) || isOlder(host.version, packageVersion());
}

/** Throws EXEC_API_VERSION, naming both versions, unless the host takes calls from here. */
export function assertCompatible(host: HostVersion): void {
  if (isCompatible(host)) return;
  const { pid, version, oldestApi, newestApi } = host;
  throw new SessionError(
    "EXEC_API_VERSION",
    `The session host (pid ${pid}, version ${version}) speaks version ${oldestApi} to ${newestApi} of the API; version ${packageVersion()} of this package speaks version ${API_VERSION}. It is replaced once no session runs in it.`,
    { details: { pid, hostVersion: version, oldest: oldestApi, newest: newestApi } },
  );
}

function isCompatible({ oldestApi, newestApi }: HostVersion): boolean {
  return oldestApi <= API_VERSION && API_VERSION <= newestApi;
}

/** Of two versions as npm has them; a pre-release counts as its release. */
function isOlder(version: string, other: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at !== -1 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): readonly number[] {
  return (version.split(/[-+]/)[0] ?? "").split(".").map(Number);
}
