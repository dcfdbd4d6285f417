import { type RuntimeFields, toRuntimeSpec } from "../api/runtime-fields.ts";
import { parseContainerId } from "../session/container-id.ts";
import type { ContainerRef, RuntimeSpec } from "../session/exec-session.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import type { ContainerDirectory, FoundContainer } from "./container-directory.ts";

/**
 * The container that a call means, for the service to find. A runtime that the call names becomes known; without one the
 * container is looked up in all known runtimes. Throws EXEC_CONTAINER_NOT_FOUND, EXEC_CONTAINER_AMBIGUOUS.
 */
export async function findTarget(
  containers: ContainerDirectory,
  rawContainer: string,
  fields: RuntimeFields,
): Promise<ContainerRef> {
  const container = parseContainerId(rawContainer);
  const runtime = toRuntimeSpec(fields);
  if (runtime === undefined) {
    const found = theOnly(container, await containers.find(container));
    return { runtime: found.runtime, container: found.container.id };
  }
  await containers.add(runtime);
  return { runtime, container };
}

/** The container itself, as its runtime describes it. */
export async function findContainer(
  containers: ContainerDirectory,
  rawContainer: string,
  fields: RuntimeFields,
): Promise<FoundContainer> {
  const container = parseContainerId(rawContainer);
  return theOnly(container, await containers.find(container, toRuntimeSpec(fields)));
}

/** The same as findTarget for a container that may be gone already, while its sessions are still there. */
export async function findTargetOfSessions(
  { containers, service }: { readonly containers: ContainerDirectory; readonly service: SessionService },
  rawContainer: string,
  fields: RuntimeFields,
): Promise<ContainerRef> {
  const container = parseContainerId(rawContainer);
  const named = toRuntimeSpec(fields);
  if (named !== undefined) return { runtime: named, container };
  const found = await containers.find(container);
  const runtimes =
    found.length > 0 ? found.map(({ runtime }) => runtime) : await usedRuntimes(service, container);
  return { runtime: theOnlyRuntime(container, runtimes), container };
}

/** The runtimes of the sessions that a container left behind. */
async function usedRuntimes(service: SessionService, container: string): Promise<readonly RuntimeSpec[]> {
  const rows = (await service.list({ container })).filter(({ legacy }) => !legacy);
  const specs = await Promise.all(rows.map(async ({ id }) => (await service.inspect(id)).runtime));
  return specs.filter((spec, index) => specs.findIndex((other) => isSame(spec, other)) === index);
}

function theOnly(container: string, found: readonly FoundContainer[]): FoundContainer {
  const runtime = theOnlyRuntime(
    container,
    found.map((each) => each.runtime),
  );
  const only = found.find((each) => each.runtime === runtime);
  if (only === undefined) throw notFound(container);
  return only;
}

function theOnlyRuntime(container: string, runtimes: readonly RuntimeSpec[]): RuntimeSpec {
  const [first, second] = runtimes;
  if (first === undefined) throw notFound(container);
  if (second === undefined) return first;
  throw new SessionError(
    "EXEC_CONTAINER_AMBIGUOUS",
    `A container ${container} is in ${runtimes.length} runtimes: ${runtimes.map(showRuntime).join("; ")}. Say which one is meant.`,
    { details: { container, runtimes } },
  );
}

function notFound(container: string): SessionError {
  return new SessionError(
    "EXEC_CONTAINER_NOT_FOUND",
    `None of the runtimes that this session host knows has a container ${container}.`,
    { details: { container } },
  );
}

function showRuntime({ kind, path, root }: RuntimeSpec): string {
  return [path || kind, ...(root === "" ? [] : ["--root", root])].join(" ");
}

function isSame(a: RuntimeSpec, b: RuntimeSpec): boolean {
  return a.kind === b.kind && a.path === b.path && a.root === b.root;
}
