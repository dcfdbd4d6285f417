import type { Node, NodeAPI, NodeDef } from "node-red";
import { SessionError } from "../session/session-error.ts";
import type { RemoveAllReport, SessionService } from "../session/session-service.ts";
import { type ContainerSettings, containerSettings } from "./exec-container-node.ts";
import { evaluateSessionId } from "./session-id-field.ts";
import type { Evaluation } from "./typed-value.ts";
import { handleVerb, type VerbResult } from "./verb-node.ts";

/** What the edit dialog of exec-remove saves. */
export interface ExecRemoveDefinition extends NodeDef {
  readonly container: string;
  /** One session; only its files; or all sessions of the container. */
  readonly what: "session" | "files" | "all";
  readonly sessionId: string;
  readonly sessionIdType: string;
  /** Stops a running session first; only with `session`. */
  readonly force: boolean;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_REMOVE_DEFAULTS: Omit<ExecRemoveDefinition, keyof NodeDef | "container"> = {
  what: "session",
  sessionId: "sessionId",
  sessionIdType: "msg",
  force: false,
};

/** Makes an exec-remove out of a new node. */
export function setUpExecRemove(RED: NodeAPI, node: Node, saved: ExecRemoveDefinition): void {
  const definition = { ...EXEC_REMOVE_DEFAULTS, ...saved };
  handleVerb(RED, node, async (evaluation) => {
    const container = containerSettings(RED, definition.container);
    const remove = await readRemoval(evaluation, definition, container);
    return remove(await container.openService());
  });
}

/** Reads all values before anything is done. */
async function readRemoval(
  evaluation: Evaluation,
  { what, sessionId: value, sessionIdType: type, force }: ExecRemoveDefinition,
  container: ContainerSettings,
): Promise<(service: SessionService) => Promise<VerbResult>> {
  const { RED, message } = evaluation;
  if (what === "all") {
    const target = container.target(message.container);
    return async (service) => reportAll(RED, await service.removeAll(target));
  }
  const id = await evaluateSessionId(evaluation, { value, type });
  return async (service) => {
    await (what === "files" ? service.cleanup(id) : service.remove(id, { force }));
    const text = RED._(what === "files" ? "exec-remove.status.cleaned" : "exec-remove.status.removed");
    return { changes: {}, status: { fill: "green", shape: "dot", text } };
  };
}

function reportAll(RED: NodeAPI, { removed, failed }: RemoveAllReport): VerbResult {
  const failures = failed.map(({ id, error }) => ({ id, code: error.code, message: error.message }));
  const text = RED._("exec-remove.status.removedCount", { count: removed.length });
  const result: VerbResult = {
    changes: { payload: { removed, failed: failures } },
    status: { fill: "green", shape: "dot", text },
  };
  const [first] = failed;
  if (first === undefined) return result;
  const total = removed.length + failed.length;
  const error = new SessionError(
    first.error.code,
    `${failed.length} of ${total} sessions could not be removed; the first: ${first.error.message}`,
    { details: { failed: failures }, cause: first.error },
  );
  return { ...result, error };
}
