import { readFileSync } from "node:fs";

/** The sets of config.json. Absent: empty. */
export interface Capabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly permitted?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly ambient?: readonly string[];
}

export interface CapabilityRequest {
  /** The container's own. */
  readonly base: Capabilities;
  readonly privileged: boolean;
  readonly uid: number;
  /** Whether the command runs as the container's own user because no other was asked for. */
  readonly isContainerUser: boolean;
}

/**
 * A command's capabilities, by Podman's rules: root has all of the bounding set; the container's own user has what the
 * container gives it; any other user has none in effect. Privileged widens the bounding set alone. Nothing is inheritable
 * unless it is the container's own user's: a set that a program's file could raise would be a way to more rights (CVE-2022-27649).
 */
export function mergeCapabilities(request: CapabilityRequest): Capabilities {
  const { base, privileged, uid, isContainerUser } = request;
  const bounding = privileged ? listOwnBoundingSet() : (base.bounding ?? []);
  if (uid === 0) {
    return { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] };
  }
  const kept = isContainerUser ? (base.effective ?? []) : [];
  return { bounding, effective: kept, permitted: kept, inheritable: kept, ambient: kept };
}

/** What this process may pass on; asking the kernel for more is an error. */
function listOwnBoundingSet(): readonly string[] {
  const [, mask = "0"] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
  const bits = BigInt(`0x${mask}`);
  return CAPABILITY_NAMES.filter((_, number) => (bits >> BigInt(number)) & 1n);
}

/** By number, from linux/capability.h. */
const CAPABILITY_NAMES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
];
