import type { ExecConfig } from "../session/exec-config.ts";
import { type Capabilities, mergeCapabilities } from "./capabilities.ts";
import { DEFAULT_TERMINAL_SIZE } from "./default-terminal-size.ts";
import type { ProcessDefaults, ProcessRequest } from "./process-request.ts";

/** `process` of an OCI config.json; what is not named here is passed on as it is. */
export interface OciProcess {
  readonly [field: string]: unknown;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly additionalGids?: readonly number[];
    readonly umask?: number;
  };
  readonly cwd: string;
  readonly env?: readonly string[];
  readonly capabilities?: Capabilities;
}

/** What a container's process gives to a command that asks for nothing. */
export function defaultsOf({ user, cwd, env = [] }: OciProcess): ProcessDefaults {
  const { uid, gid, additionalGids = [] } = user;
  return { user: { uid, gid, additionalGids }, workDir: cwd, env };
}

/**
 * The whole process of a command, which crun and runc take from a file. Their options would not do: they differ between
 * the two and from version to version. Limits, umask, seccomp, labels and the rest stay the container's.
 */
export function createOciProcess(base: OciProcess, config: ExecConfig, request: ProcessRequest): OciProcess {
  const { consoleSize: _ofContainer, ...rest } = base;
  const { uid, gid, additionalGids } = request.user;
  const process = {
    ...rest,
    args: config.command,
    terminal: config.tty,
    cwd: request.workDir,
    env: Array.from(request.env, ([name, value]) => `${name}=${value}`),
    user: { ...base.user, uid, gid, additionalGids },
  };
  return { ...process, ...sizePart(config), ...capabilitiesPart(base, config, uid) };
}

/** Always with a terminal: left to itself, runc takes the size from the outer one only once the command runs. */
function sizePart({ tty, consoleSize = DEFAULT_TERMINAL_SIZE }: ExecConfig): object {
  return tty ? { consoleSize: { width: consoleSize.columns, height: consoleSize.rows } } : {};
}

/** A container without capabilities in its configuration leaves them to the runtime, also for its commands. */
function capabilitiesPart(base: OciProcess, { privileged }: ExecConfig, uid: number): object {
  if (base.capabilities === undefined && !privileged) return {};
  const isContainerUser = uid === base.user.uid;
  return {
    capabilities: mergeCapabilities({ base: base.capabilities ?? {}, privileged, uid, isContainerUser }),
  };
}
