import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeRootFileSystem, type OciMount } from "./oci-root-file-system.ts";

/** A config.json, as far as it is changed here. */
export interface OciConfig {
  process: {
    terminal: boolean;
    args: string[];
    env: string[];
    cwd: string;
    user: { uid: number; gid: number; additionalGids?: number[]; umask?: number };
    rlimits?: unknown;
    noNewPrivileges?: boolean;
    capabilities?: Record<string, string[]>;
  };
  root: { path: string; readonly: boolean };
  hostname?: string;
  mounts: OciMount[];
  linux: { namespaces: { type: string }[] };
}

export interface OciContainerOptions {
  /** The path of crun, runc, or another program with their command line. */
  readonly program: string;
  /** The program's `--root`. Empty: its own default. */
  readonly root: string;
  readonly id: string;
  /** A folder that the container gets for itself; it is made, and deleted with the container. */
  readonly folder: string;
  /** Changes the configuration before the container is made. */
  readonly configure?: (config: OciConfig) => void;
}

/** A container that runs nothing by itself. */
const IDLE_COMMAND = ["sleep", "2147483647"];
/** Enough for a machine under load to make or end a container. */
const WAIT_MS = 10_000;
const POLL_MS = 5;

/** Makes a container out of nothing but this machine's files, and starts it. Needs Linux and root. */
export async function startOciContainer(options: OciContainerOptions): Promise<OciContainer> {
  const { program, folder, configure } = options;
  await mkdir(folder, { recursive: true });
  const rootFileSystem = await makeRootFileSystem(join(folder, "rootfs"));
  await runProgram(program, ["spec"], folder);
  const config: OciConfig = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = [...IDLE_COMMAND];
  config.root = { path: rootFileSystem.path, readonly: false };
  config.mounts.push(...rootFileSystem.mounts);
  // The default limit of open files can be above this machine's hard limit, which not every root may raise.
  delete config.process.rlimits;
  configure?.(config);
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const container = new OciContainer(options);
  await container.start();
  return container;
}

/** One container of crun or runc. */
export class OciContainer {
  readonly id: string;
  readonly program: string;
  readonly root: string;
  /** The bundle: config.json and rootfs/. */
  readonly folder: string;
  #init: { readonly pid: number; readonly startTime: string } | undefined;

  constructor({ id, program, root, folder }: OciContainerOptions) {
    this.id = id;
    this.program = program;
    this.root = root;
    this.folder = folder;
  }

  get rootFileSystem(): string {
    return join(this.folder, "rootfs");
  }

  /** The pid of the container's first process, as this machine counts. */
  get pid(): number {
    if (this.#init === undefined) throw new Error(`container ${this.id} has not been started`);
    return this.#init.pid;
  }

  /** Starts the container; also again, after a stop. */
  async start(): Promise<void> {
    if (this.#init !== undefined) await this.#run("delete", this.id);
    const pidFile = join(this.folder, "init.pid");
    const args = ["run", "-d", "--pid-file", pidFile, "--bundle", this.folder, this.id];
    const command = [this.program, ...this.#rootArgs, ...args];
    const [first = "", ...rest] = await withoutHybridCgroups(command);
    await runProgram(first, rest, this.folder);
    const pid = Number(await readFile(pidFile, "utf8"));
    this.#init = { pid, startTime: (await readProcess(pid)).startTime };
  }

  async pause(): Promise<void> {
    await this.#run("pause", this.id);
  }

  async resume(): Promise<void> {
    await this.#run("resume", this.id);
  }

  /** Ends the container's first process, and with it all others. */
  async stop(): Promise<void> {
    await this.#run("kill", this.id, "KILL");
    await this.#waitForEnd();
  }

  /** Removes the container and its folder, whatever state it is in. Nothing there: nothing to do. */
  async remove(): Promise<void> {
    // A failure means that the container is gone already, or shows below as a process that does not end.
    await this.#run("delete", "--force", this.id).catch(() => {});
    await this.#waitForEnd();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #rootArgs(): string[] {
    return this.root === "" ? [] : ["--root", this.root];
  }

  async #run(...args: string[]): Promise<void> {
    await runProgram(this.program, [...this.#rootArgs, ...args], this.folder);
  }

  async #waitForEnd(): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (await this.#hasInit()) {
      if (performance.now() > deadline) throw new Error(`container ${this.id} does not end`);
      await setTimeout(POLL_MS);
    }
  }

  async #hasInit(): Promise<boolean> {
    if (this.#init === undefined) return false;
    const { state, startTime } = await readProcess(this.#init.pid);
    return startTime === this.#init.startTime && state !== ZOMBIE;
  }
}

/** A process that is gone has an empty state. */
async function readProcess(pid: number): Promise<{ state: string; startTime: string }> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTime: fields[STAT_START_TIME] ?? "" };
}

/** Where /proc/PID/stat has the start time, counted from the field after the program's name. */
const STAT_START_TIME = 19;
const ZOMBIE = "Z";

/**
 * crun makes no container where cgroup v2 is mounted beside the v1 controllers; in a mount namespace without that mount
 * it does. On usual hosts the command stays as it is.
 */
async function withoutHybridCgroups(command: readonly string[]): Promise<readonly string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  const isV1 = mounts.some(([, , type]) => type === "cgroup");
  const unified = mounts.filter(([, , type]) => type === "cgroup2").map(([, path = ""]) => path);
  if (!isV1 || unified.length === 0) return command;
  const script = `${unified.map((path) => `umount '${path}'`).join("; ")}; exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, "sh", ...command];
}

/** Runs a program whose output a container may inherit, so it goes to a file rather than to a pipe that would never end. */
async function runProgram(program: string, args: readonly string[], cwd: string): Promise<void> {
  const log = join(cwd, "program.log");
  const script = `exec "$@" </dev/null >'${log}' 2>&1`;
  const child = spawn("sh", ["-c", script, "sh", program, ...args], { cwd, stdio: "ignore" });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code === 0) return;
  const text = await readFile(log, "utf8").catch(() => "");
  throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${text.trim()}`);
}
