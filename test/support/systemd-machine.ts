import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { ContainerYard, OciConfig, OciContainer } from "./containers.ts";
import { installPackage } from "./installed-container.ts";
import { waitUntil } from "./wait-until.ts";

const SYSTEM_UNITS = "/usr/lib/systemd/system";
/** The only units that there are: the machine's others would see to its kernel, devices and disks. */
const UNITS = "/etc/systemd/system";
/** Taken over from the machine: the journal, and the bus over which systemd's managers talk. */
const COPIED_UNITS = [
  "systemd-journald.service",
  "systemd-journald.socket",
  "systemd-journald-dev-log.socket",
  "dbus.service",
  "dbus.socket",
];
const OWN_UNITS: Readonly<Record<string, string>> = {
  "boot.target": "[Unit]\nDefaultDependencies=no\nWants=systemd-journald.socket dbus.socket\n",
  // What other units wait for; nothing has to be done for them here.
  "sysinit.target": "[Unit]\nDefaultDependencies=no\n",
  "basic.target": "[Unit]\nDefaultDependencies=no\n",
  "sockets.target": "[Unit]\nDefaultDependencies=no\n",
  "shutdown.target": "[Unit]\nDefaultDependencies=no\n",
};

/** It has a control group file system of its own, of whichever version the machine has. */
const BOOT = `
  if grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts; then
    umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    umount -R /sys/fs/cgroup; mount -t tmpfs tmpfs /sys/fs/cgroup
    mkdir /sys/fs/cgroup/systemd; mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  fi
  exec /usr/lib/systemd/systemd --system --unit=boot.target
`;
const ENVIRONMENT = ["container=oci", `SYSTEMD_UNIT_PATH=${UNITS}`, "SYSTEMD_GENERATOR_PATH=/nonexistent"];

/** For mounts and processes of all users in it; nothing by which it could change the machine. */
const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_ADMIN",
];

/** A machine with systemd, as a container. */
export class SystemdMachine {
  readonly #yard: ContainerYard;
  readonly #container: OciContainer;

  private constructor(yard: ContainerYard, container: OciContainer) {
    this.#yard = yard;
    this.#container = container;
  }

  /** Boots it in a yard of crun, which removes it in the end. */
  static async boot(yard: ContainerYard): Promise<SystemdMachine> {
    const machine = new SystemdMachine(yard, await yard.startContainer(configure));
    await waitUntil("systemd answers", async () => (await machine.tryRun("systemctl", "list-units")) === 0);
    return machine;
  }

  /** Installs files below the folder of units, and has systemd read them. */
  async install(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.#container.rootFileSystem, UNITS, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await this.run("systemctl", "daemon-reload");
  }

  /** What a command writes; fails if it does. */
  async run(...command: readonly string[]): Promise<string> {
    const { stdout } = await execa(this.#yard.program, this.#inside(command));
    return stdout;
  }

  async tryRun(...command: readonly string[]): Promise<number | undefined> {
    return (await execa(this.#yard.program, this.#inside(command), { reject: false })).exitCode;
  }

  /** What a unit has written to the journal, line by line. */
  async linesOf(unit: string): Promise<readonly string[]> {
    const text = await this.run("journalctl", "--quiet", "--output=cat", `_SYSTEMD_UNIT=${unit}`);
    return text.split("\n").filter((line) => line !== "");
  }

  #inside(command: readonly string[]): readonly string[] {
    return ["--root", this.#yard.root, "exec", this.#container.id, ...command];
  }
}

function configure(config: OciConfig): void {
  installPackage(config);
  if (!config.linux.namespaces.some(({ type }) => type === "cgroup"))
    config.linux.namespaces.push({ type: "cgroup" });
  config.mounts.push({ destination: "/run", type: "tmpfs", source: "tmpfs", options: ["mode=755"] });
  config.process.capabilities = Object.fromEntries(
    ["bounding", "effective", "permitted"].map((set) => [set, CAPABILITIES]),
  );
  config.process.noNewPrivileges = false;
  config.process.env.push(...ENVIRONMENT);
  config.process.args = ["sh", "-c", BOOT];
  installUnits(config.root.path);
}

function installUnits(root: string): void {
  mkdirSync(join(root, UNITS), { recursive: true });
  mkdirSync(join(root, "var/lib"), { recursive: true });
  for (const name of COPIED_UNITS) copyFileSync(join(SYSTEM_UNITS, name), join(root, UNITS, name));
  for (const [name, text] of Object.entries(OWN_UNITS)) writeFileSync(join(root, UNITS, name), text);
  writeFileSync(join(root, "etc/machine-id"), `${"0123456789abcdef".repeat(2)}\n`);
  appendFileSync(join(root, "etc/passwd"), "messagebus:x:100:100::/nonexistent:/bin/false\n");
  appendFileSync(join(root, "etc/group"), "messagebus:x:100:\n");
}
