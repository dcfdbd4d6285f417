import { errnoOf } from "../process/errno.ts";
import type { ExecConfig } from "../session/exec-config.ts";
import type { StartError } from "../session/exec-session.ts";
import { errorText } from "../session/session-error.ts";
import { diagnoseCommand } from "./command-file.ts";
import { ContainerRoot } from "./container-root.ts";
import { isOtherUser } from "./local-request.ts";
import type { ProcessRequest } from "./process-request.ts";
import type { ProcessUser } from "./user-lookup.ts";

/** Looks for what must keep a command from being executed here. Null: nothing that can be seen. */
export async function diagnoseOnMachine(
  config: ExecConfig,
  { env, workDir }: ProcessRequest,
): Promise<StartError | null> {
  const [name = ""] = config.command;
  const root = await ContainerRoot.open("/");
  try {
    const stats = await root.stat(workDir);
    if (!stats?.isDirectory()) return { kind: "badWorkDir", text: `${workDir}: ${NO_FOLDER}` };
    return await diagnoseCommand({ root, name, env, workDir, runsPlainText: true });
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    return null;
  } finally {
    await root.close();
  }
}

const NO_FOLDER = "no such directory";

/**
 * What an error of the start means. The kernel has one number for a missing command, a missing interpreter and a missing
 * working directory, so the files have to tell them apart.
 */
export async function explainSpawnError(
  error: unknown,
  config: ExecConfig,
  request: ProcessRequest,
): Promise<StartError> {
  const text = errorText(error);
  switch (errnoOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
    case "ENAMETOOLONG":
      return (await diagnoseOnMachine(config, request)) ?? { kind: "notFound", text };
    case "EACCES":
      return (await diagnoseOnMachine(config, request)) ?? { kind: "notExecutable", text };
    case "ENOEXEC":
    case "EISDIR":
    case "ELIBBAD":
    case "ETXTBSY":
      return { kind: "notExecutable", text };
    case "EPERM":
      return isOtherUser(request.user) ? mayNotChangeUser(request.user) : { kind: "notExecutable", text };
    default:
      return { kind: "runtime", text };
  }
}

/** The system refuses the command its user, or the command's streams their owner. */
function mayNotChangeUser({ uid, gid }: ProcessUser): StartError {
  return {
    kind: "badUser",
    text: `User ${process.geteuid?.()} may not run commands as user ${uid} and group ${gid}; that needs the capabilities CAP_SETUID, CAP_SETGID and CAP_CHOWN, which root has.`,
  };
}
