import type { Node, NodeAPI } from "node-red";
import { inspectSession } from "../session/session-inspect.ts";
import { readCreateRequest } from "./create-request.ts";
import { containerSettings } from "./exec-container-node.ts";
import { EXEC_CREATE_DEFAULTS, type ExecCreateDefinition } from "./exec-create-definition.ts";
import { handleVerb } from "./verb-node.ts";

/** As many digits of an id as Podman and Docker show. */
const SHORT_ID_LENGTH = 12;

/** Makes an exec-create out of a new node. */
export function setUpExecCreate(RED: NodeAPI, node: Node, saved: ExecCreateDefinition): void {
  const definition = { ...EXEC_CREATE_DEFAULTS, ...saved };
  handleVerb(RED, node, async (evaluation) => {
    const container = containerSettings(RED, definition.container);
    const { target, config } = await readCreateRequest(evaluation, definition, container);
    const service = await container.openService();
    const session = await service.create(target, config);
    return {
      changes: { sessionId: session.id, session: inspectSession(session, session.output) },
      status: { fill: "green", shape: "dot", text: session.id.slice(0, SHORT_ID_LENGTH) },
    };
  });
}
