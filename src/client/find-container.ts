import { hostCalls } from "../api/host-calls.ts";
import { parseContainerId } from "../session/container-id.ts";
import type { ContainerRef } from "../session/exec-session.ts";
import { connectToSocket } from "./connect-to-socket.ts";
import { callHost } from "./host-api.ts";
import { HostConnection } from "./host-connection.ts";

/**
 * The runtime of a container that is named without one, looked up in all that the host knows. Throws
 * EXEC_CONTAINER_NOT_FOUND or EXEC_CONTAINER_AMBIGUOUS.
 */
export async function findContainer(socketPath: string, name: string): Promise<ContainerRef> {
  const parameters = { container: parseContainerId(name) };
  const host = new HostConnection(socketPath, () => connectToSocket(socketPath));
  try {
    const { Id, Runtime } = await callHost(host, hostCalls.inspectContainer, { parameters });
    return { runtime: Runtime, container: Id };
  } finally {
    host.close();
  }
}
