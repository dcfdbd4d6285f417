import { existsSync, readFileSync } from "node:fs";
import { findProgram, systemPath } from "./program-path.mjs";
import { capture, StepFailed, say } from "./step.mjs";

/** What the suites and the demo need of the machine: the program that is looked for, and Debian's package for it. */
const needs = [
  { program: "crun", package: "crun" },
  { program: "runc", package: "runc" },
  { program: "conmon", package: "conmon" },
  { program: "podman", package: "podman" },
  { program: "dockerd", package: "docker.io" },
  { program: "busybox", package: "busybox-static", isGood: isStatic },
  { program: "chromium", package: "chromium" },
  { program: "iptables", package: "iptables" },
  { program: "systemd-analyze", package: "systemd" },
  { program: "dbus-daemon", package: "dbus" },
  { program: "python3", package: "python3" },
  { program: "make", package: "make" },
  { program: "g++", package: "g++" },
];

/** Unattended upgrades right after a machine's first boot hold the lock for minutes. */
const LOCK_WAIT_SECONDS = 600;
const LOCK_POLL_MS = 2_000;
/** The part of a dynamic loader's path that a program linked to libraries names in its first page. */
const DYNAMIC_LOADER = "/ld-";
const FIRST_PAGE_BYTES = 4096;

/**
 * Installs what the machine lacks with apt-get, where that is possible: as root on a Debian-family machine. Says what it
 * installs, and otherwise what is missing. `only` names the packages asked for; absent: all.
 */
export async function installSystemPackages({ only } = {}) {
  const missing = missingPackages(only);
  if (missing.length === 0) {
    say("everything is there");
    return;
  }
  const obstacle = aptObstacle();
  if (obstacle !== undefined) {
    say(`missing: ${missing.join(" ")}; not installed, because ${obstacle}`);
    say("what needs them is skipped and says so (with CI=true it fails)");
    return;
  }
  say(`installing: ${missing.join(" ")}`);
  await aptInstall(missing);
  const still = missingPackages(only);
  if (still.length > 0)
    say(`STILL MISSING: ${still.join(" ")}; what needs them is skipped (with CI=true it fails)`);
}

function missingPackages(only) {
  return needs
    .filter((need) => (only?.includes(need.package) ?? true) && !isThere(need))
    .map((need) => need.package);
}

function isThere({ program, isGood = () => true }) {
  const path = findProgram(program);
  return path !== undefined && isGood(path);
}

function aptObstacle() {
  if (process.getuid?.() !== 0) return "only root may";
  if (!existsSync("/etc/debian_version") || findProgram("apt-get") === undefined) {
    return "this is no Debian-family machine";
  }
  return undefined;
}

/** All packages in one go; if that fails, one by one, so that a package this release lacks costs only itself. */
async function aptInstall(packages) {
  if (!(await haveCandidates(packages))) await aptUpdate();
  if ((await tryInstall(packages)) === 0) return;
  await aptUpdate();
  if ((await tryInstall(packages)) === 0) return;
  for (const name of packages) {
    if ((await tryInstall([name])) !== 0) say(`apt-get could not install ${name}`);
  }
}

/** Whether apt knows a version of each; a fresh machine has no lists yet. */
async function haveCandidates(packages) {
  const { output } = await capture("apt-cache", ["policy", ...packages], { env: aptEnv() });
  return (output.match(/^ {2}Candidate: (?!\(none\))/gm) ?? []).length === packages.length;
}

/** apt waits for dpkg's lock by itself, but not for that of its package lists. */
async function aptUpdate() {
  const deadline = performance.now() + LOCK_WAIT_SECONDS * 1000;
  for (;;) {
    const { code, output } = await capture("apt-get", ["update", "-q"], { env: aptEnv() });
    if (code === 0) return;
    if (!/Could not get lock/.test(output) || performance.now() > deadline) {
      throw new StepFailed(`apt-get update failed:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

async function tryInstall(packages) {
  const lockWait = `DPkg::Lock::Timeout=${LOCK_WAIT_SECONDS}`;
  const args = ["install", "-y", "-q", "--no-install-recommends", "-o", lockWait, ...packages];
  const { code, output } = await capture("apt-get", args, { env: aptEnv() });
  if (code !== 0) console.log(output);
  return code;
}

function aptEnv() {
  return { ...process.env, PATH: systemPath(), DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
}

/** Containers made of a single program need one that brings its libraries along. */
function isStatic(path) {
  return !readFileSync(path).subarray(0, FIRST_PAGE_BYTES).includes(DYNAMIC_LOADER);
}
