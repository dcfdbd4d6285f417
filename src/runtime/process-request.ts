import { errnoOf } from "../process/errno.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { ResolvedProcess } from "../session/exec-session.ts";
import { SessionError, showValue } from "../session/session-error.ts";
import type { ContainerRoot } from "./container-root.ts";
import { mergeEnvironment } from "./merged-environment.ts";
import { findHome, findUser, type ProcessUser } from "./user-lookup.ts";

/** The home of a user without an entry in passwd, as runc has it; crun gives it none. */
const NO_HOME = "/";

/** What a container, or the machine itself, gives to a process that asks for nothing. */
export interface ProcessDefaults {
  readonly user: ProcessUser;
  readonly workDir: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/** A command as its container will run it. */
export interface ProcessRequest {
  readonly user: ProcessUser;
  readonly workDir: string;
  readonly env: ReadonlyMap<string, string>;
}

export interface ProcessSource {
  readonly config: ExecConfig;
  readonly defaults: ProcessDefaults;
  /** For error sentences. */
  readonly container: string;
  /** Opens the container's root; called only if something has to be looked up there. The caller of this closes it. */
  readonly openRoot: () => Promise<ContainerRoot>;
}

/**
 * Puts a request and its container's defaults together. Throws EXEC_USER_NOT_FOUND, EXEC_GROUP_NOT_FOUND or
 * EXEC_WORKDIR_NOT_FOUND if the container lacks what was asked for.
 */
export async function resolveRequest(source: ProcessSource): Promise<ProcessRequest> {
  const { config, defaults } = source;
  const { user, home } = await lookUp(source);
  const env = mergeEnvironment({ base: defaults.env, added: config.env, tty: config.tty, home });
  return { user, env, workDir: config.workDir || defaults.workDir };
}

/** The part of a request that a session's record shows. */
export function toResolvedProcess({ user, workDir, env }: ProcessRequest): ResolvedProcess {
  return { user, workDir, environmentNames: [...env.keys()] };
}

async function lookUp({ config, defaults, container, openRoot }: ProcessSource): Promise<{
  readonly user: ProcessUser;
  readonly home: string | null;
}> {
  // Root's home every runtime finds by itself.
  const needsHome = defaults.user.uid !== 0 && !defaults.env.some((entry) => entry.startsWith("HOME="));
  if (config.user === "" && config.workDir === "" && !needsHome) return { user: defaults.user, home: null };
  const root = await openRoot();
  try {
    if (config.workDir !== "") await assertFolder(root, config.workDir, container);
    if (config.user !== "") {
      const { home, ...user } = await findUser({ root, user: config.user, container });
      return { user, home: home ?? NO_HOME };
    }
    const home = needsHome ? await findHome(root, defaults.user.uid) : null;
    return { user: defaults.user, home: needsHome ? (home ?? NO_HOME) : null };
  } finally {
    await root.close();
  }
}

async function assertFolder(root: ContainerRoot, path: string, container: string): Promise<void> {
  const stats = await root.stat(path).catch((error: unknown) => {
    // Where this process may not look, the command's start shows whether the folder is there.
    if (errnoOf(error) === "EACCES") return undefined;
    throw error;
  });
  if (stats === undefined || stats?.isDirectory()) return;
  const fault = stats === null ? "does not exist" : "is not a directory";
  throw new SessionError(
    "EXEC_WORKDIR_NOT_FOUND",
    `The working directory ${showValue(path)} ${fault} in container ${container}.`,
    { details: { field: "workDir", workDir: path, container } },
  );
}
