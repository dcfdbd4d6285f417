import { randomUUID } from "node:crypto";
import { arch, release } from "node:os";
import type { z } from "zod";
import { API_VERSION, OLDEST_API_VERSION } from "../api/api-version.ts";
import {
  DOCKER_API_VERSION,
  HOST_COMPONENT,
  OLDEST_DOCKER_API_VERSION,
  type versionSchema,
} from "../api/host-calls.ts";

/** What a session host says of itself. */
export type HostInfo = z.output<typeof versionSchema>;

/** Once per host: it names this start of it. */
export function createHostInfo(packageVersion: string): HostInfo {
  const details = {
    ApiVersion: String(API_VERSION),
    MinApiVersion: String(OLDEST_API_VERSION),
    Pid: String(process.pid),
    StartedAt: new Date().toISOString(),
    Instance: randomUUID(),
  };
  return {
    Version: packageVersion,
    ApiVersion: DOCKER_API_VERSION,
    MinAPIVersion: OLDEST_DOCKER_API_VERSION,
    Os: process.platform,
    Arch: DOCKER_ARCHITECTURES[arch()] ?? arch(),
    KernelVersion: release(),
    Platform: { Name: "Exec Sessions for Node-RED" },
    Components: [{ Name: HOST_COMPONENT, Version: packageVersion, Details: details }],
  };
}

/** Docker names them as Go does. */
const DOCKER_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
