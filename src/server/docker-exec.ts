import type { DockerExec, DockerStart } from "../api/docker-bodies.ts";
import type { ExecConfigInput } from "../session/exec-config.ts";
import type { TerminalSize } from "../session/terminal-size.ts";

/**
 * A Docker client's words as a configuration. Docker lets a slow reader hold the command back and drops nothing, and its
 * clients rely on that; so do these sessions.
 */
export function toExecConfig(exec: DockerExec): ExecConfigInput {
  const size = exec.Tty ? toTerminalSize(exec) : undefined;
  return {
    command: exec.Cmd,
    tty: exec.Tty,
    attachStdin: exec.AttachStdin,
    attachStdout: exec.AttachStdout,
    // Clients ask for both with a terminal too, where there is only one stream.
    ...(exec.Tty ? {} : { attachStderr: exec.AttachStderr }),
    ...(exec.DetachKeys === "" ? {} : { detachKeys: exec.DetachKeys }),
    // A client sends the bare name of a variable (`-e NAME`) that it does not have itself.
    env: (exec.Env ?? []).filter((entry) => entry.includes("=")),
    privileged: exec.Privileged,
    user: exec.User,
    workDir: exec.WorkingDir,
    ...(size === undefined ? {} : { consoleSize: size }),
    output: { policy: "block" },
  };
}

/** The size that a Docker (`ConsoleSize`) or Podman (`h`, `w`) client asks for; clients without a terminal send zeros. */
export function toTerminalSize({
  ConsoleSize,
  h = 0,
  w = 0,
}: Pick<DockerStart, "ConsoleSize" | "h" | "w">): TerminalSize | undefined {
  const [rows, columns] = ConsoleSize ?? [h, w];
  return rows > 0 && columns > 0 ? { rows, columns } : undefined;
}
