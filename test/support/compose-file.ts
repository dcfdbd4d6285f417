import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { OciConfig } from "./containers.ts";
import { bindMount, givePrivileges } from "./installed-container.ts";

/** As much of a service as docs/compose.yaml uses. */
export interface ComposeService {
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** `source:destination` each. */
  readonly volumes: readonly string[];
  readonly pid?: string;
  readonly cgroup?: string;
  readonly privileged?: boolean;
  readonly [other: string]: unknown;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, null>>;
}

/** The file as people get it. */
export async function readComposeFile(): Promise<ComposeFile> {
  return parse(await readFile(new URL("../../docs/compose.yaml", import.meta.url), "utf8"));
}

/**
 * Gives a container of crun or runc the rights and volumes that its service would get from an engine. `sources` says where
 * a volume, or a folder of the machine, is here.
 */
export function applyService(
  config: OciConfig,
  service: ComposeService,
  sources: Readonly<Record<string, string>>,
): void {
  const shared = [service.pid === "host" ? "pid" : "", service.cgroup === "host" ? "cgroup" : ""];
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) => !shared.includes(type));
  if (service.privileged) givePrivileges(config);
  config.process.env.push(...Object.entries(service.environment ?? {}).map((pair) => pair.join("=")));
  for (const volume of service.volumes) {
    const [name = "", destination = ""] = volume.split(":");
    const source = sources[name];
    if (source === undefined) throw new Error(`the test does not know the volume ${name}`);
    // What has to be at the machine's path is at that of its stand-in.
    bindMount(config, source, { destination: name.startsWith("/") ? source : destination });
  }
}
