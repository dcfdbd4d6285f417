import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";

/** A container of an engine to compare with: its name, and the command line that runs a command in it. */
export interface EngineContainer {
  readonly name: "podman" | "docker";
  readonly execCommand: readonly [string, ...string[]];
  stop(): Promise<void>;
}

const CONTAINER = "exec-sessions-bench";
const APPLETS = ["sh", "sleep", "true", "cat", "dd", "head", "yes"];
/** dockerd answers in about two seconds where it was measured. */
const DOCKERD_START_MS = 30_000;
const DOCKERD_POLL_MS = 100;
/** A kernel without CAP_SYS_RESOURCE refuses the higher limits that Podman asks for by default. */
const PODMAN_LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

/** A running Podman container with an engine state of its own below `directory`. Throws if Podman cannot do it here. */
export async function startPodmanContainer(directory: string): Promise<EngineContainer> {
  const podman = [
    "podman",
    "--root",
    path.join(directory, "storage"),
    "--runroot",
    path.join(directory, "run"),
    "--cgroup-manager",
    "cgroupfs",
    "--runtime",
    "runc",
  ] as const;
  const [program, ...options] = podman;
  const image = await importImage(directory, (tar) =>
    execa(program, [...options, "import", "-", CONTAINER], { inputFile: tar }),
  );
  const run = [
    "run",
    "-d",
    "--network",
    "none",
    ...PODMAN_LIMITS,
    "--name",
    CONTAINER,
    image,
    "sleep",
    "100000",
  ];
  await execa(program, [...options, ...run]);
  return {
    name: "podman",
    execCommand: [program, ...options, "exec", CONTAINER],
    stop: async () => {
      await execa(program, [...options, "rm", "-f", "-t", "0", CONTAINER]);
      // Podman mounts its storage over itself, and leaves it so; where it has not, there is nothing to undo.
      await execa("umount", [path.join(directory, "storage/overlay")], { reject: false });
    },
  };
}

/** A running Docker container in a daemon of its own below `directory`. Throws if Docker cannot do it here. */
export async function startDockerContainer(directory: string): Promise<EngineContainer> {
  await mkdir(directory, { recursive: true });
  const socket = `unix://${path.join(directory, "docker.sock")}`;
  const daemon = spawn("dockerd", dockerdOptions(directory, socket), { stdio: "ignore" });
  const docker = (...args: string[]) => execa("docker", ["-H", socket, ...args]);
  try {
    await waitForDaemon(daemon, () => docker("version"));
    await importImage(directory, (tar) =>
      execa("docker", ["-H", socket, "import", "-", CONTAINER], { inputFile: tar }),
    );
    await docker("run", "-d", "--network", "none", "--name", CONTAINER, CONTAINER, "sleep", "100000");
  } catch (error) {
    await endProcess(daemon);
    throw error;
  }
  return {
    name: "docker",
    execCommand: ["docker", "-H", socket, "exec", CONTAINER],
    stop: async () => {
      await docker("rm", "-f", CONTAINER);
      await endProcess(daemon);
    },
  };
}

function dockerdOptions(directory: string, socket: string): string[] {
  const folders = ["--data-root", path.join(directory, "data"), "--exec-root", path.join(directory, "run")];
  const network = ["--iptables=false", "--bridge=none", "--ip-forward=false"];
  return [...folders, ...network, "-H", socket, "--pidfile", path.join(directory, "dockerd.pid")];
}

async function waitForDaemon(daemon: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + DOCKERD_START_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (daemon.exitCode !== null || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, DOCKERD_POLL_MS));
    }
  }
}

/** Imports a root file system of busybox alone, as a tar file, and gives the image's name. */
async function importImage(directory: string, load: (tar: string) => Promise<unknown>): Promise<string> {
  const root = path.join(directory, "image");
  await mkdir(path.join(root, "bin"), { recursive: true });
  await mkdir(path.join(root, "etc"), { recursive: true });
  await copyFile("/bin/busybox", path.join(root, "bin/busybox"));
  for (const applet of APPLETS) await symlink("busybox", path.join(root, "bin", applet));
  await writeFile(path.join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  const tar = path.join(directory, "image.tar");
  await execa("tar", ["-C", root, "-cf", tar, "."]);
  await load(tar);
  return CONTAINER;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
