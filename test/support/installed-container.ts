import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mergeCapabilities } from "../../src/runtime/capabilities.ts";
import type { OciConfig } from "./containers.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Gives a container what an image with the package has: a usual distribution's programs, Node.js, and `exec-sessions`. */
export function installPackage(config: OciConfig): void {
  bindMount(config, "/usr", { access: "ro" });
  bindMount(config, "/usr/lib", { destination: "/lib", access: "ro" });
  bindMount(config, "/usr/lib64", { destination: "/lib64", access: "ro" });
  bindMount(config, REPOSITORY, { access: "ro" });
  const script = `#!/bin/sh\nexec ${process.execPath} ${REPOSITORY}src/cli/main.ts "$@"\n`;
  writeFileSync(join(config.root.path, "bin/exec-sessions"), script, { mode: 0o755 });
}

/** All rights that this process may pass on, and nothing hidden or read-only, as engines understand `privileged`. */
export function givePrivileges(config: OciConfig): void {
  const all = mergeCapabilities({ base: {}, privileged: true, uid: 0, isContainerUser: false });
  config.process.capabilities = all as Record<string, string[]>;
  config.linux = { namespaces: config.linux.namespaces };
}

/** Has a folder of the machine in a container; `destination` absent: at the same path. */
export function bindMount(
  config: OciConfig,
  source: string,
  { destination = source, access = "rw" }: { destination?: string; access?: "ro" | "rw" } = {},
): void {
  config.mounts = config.mounts.filter((mount) => mount.destination !== destination);
  config.mounts.push({ destination, type: "bind", source, options: ["rbind", access] });
}
