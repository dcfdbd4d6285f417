import type { NodeAPI } from "node-red";
import { errorText, isSessionError } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import type { ResumeEntry, ResumeRegistry } from "./resume-registry.ts";
import { openSessionService } from "./session-services.ts";

/** What becomes of a session when the node that delivers its output is deleted. */
export type DeletedNodePolicy = "keep" | "stop" | "remove";

/** Whether a node has been deleted, and not only disabled or stopped for a deploy. Also of a node in a subflow. */
export function isDeleted(RED: NodeAPI, nodeId: string): boolean {
  const ids = configuredIds(RED);
  if (ids.has(nodeId)) return false;
  // In a subflow: the ids of its instances, from the outside in, and of the node.
  return !nodeId.split("-").every((id) => ids.has(id));
}

/** Once the flows run: does for nodes that were deleted while Node-RED was off what would have been done on the spot. */
export function settleDeletedNodes(RED: NodeAPI, registry: ResumeRegistry): void {
  // Flows that could not be read look as if everything had been deleted.
  if (configuredIds(RED).size === 0) return;
  for (const nodeId of registry.nodeIds()) {
    if (!isDeleted(RED, nodeId)) continue;
    for (const entry of registry.entriesOf(nodeId)) settleDeleted(RED, registry, entry, entry.onDelete);
  }
}

/** Forgets a session for good whose node is gone, and stops or removes it if the policy says so. */
export function settleDeleted(
  RED: NodeAPI,
  registry: ResumeRegistry,
  entry: ResumeEntry,
  policy: DeletedNodePolicy,
): void {
  registry.remove(entry);
  const short = entry.sessionId.slice(0, 12);
  RED.log.info(`[exec-start] The node of session ${short} has been deleted; the session is ${DONE[policy]}.`);
  // Not waited for: a command may take its time to stop, and Node-RED gives its nodes little.
  openSessionService(RED, entry.service)
    .then((service) => apply(service, entry, policy))
    .catch((error) => {
      if (isSessionError(error) && error.code === "EXEC_SESSION_NOT_FOUND") return;
      RED.log.warn(
        `[exec-start] Session ${short}, whose node has been deleted, was not ${DONE[policy]}: ${errorText(error)}`,
      );
    });
}

const DONE: Readonly<Record<DeletedNodePolicy, string>> = {
  keep: "kept",
  stop: "stopped",
  remove: "removed",
};

async function apply(
  service: SessionService,
  { sessionId, nodeId }: ResumeEntry,
  policy: DeletedNodePolicy,
): Promise<void> {
  if (policy === "remove") return service.remove(sessionId, { force: true });
  const attachment = await service.attach(sessionId, { consumer: nodeId });
  attachment.close({ forget: true });
  if (policy === "stop") await service.stop(sessionId);
}

function configuredIds(RED: NodeAPI): ReadonlySet<string> {
  const ids = new Set<string>();
  RED.nodes.eachNode(({ id }) => ids.add(id));
  return ids;
}
