import type { Node, NodeAPI, NodeDef } from "node-red";
import type { StopOptions } from "../session/session-service.ts";
import { containerSettings } from "./exec-container-node.ts";
import { inspectIfThere } from "./inspect-if-there.ts";
import { createReturnCode } from "./return-code.ts";
import { evaluateSessionId } from "./session-id-field.ts";
import { type Evaluation, evaluate, evaluateNumber } from "./typed-value.ts";
import { handleVerb } from "./verb-node.ts";

/** What the edit dialog of exec-stop saves. A value beside a `...Type` is a TypedInput's. */
export interface ExecStopDefinition extends NodeDef {
  readonly container: string;
  readonly sessionId: string;
  readonly sessionIdType: string;
  /** Seconds. Empty: the session's own. */
  readonly timeout: string;
  readonly timeoutType: string;
  /** Empty: the session's own. */
  readonly signal: string;
  readonly signalType: string;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_STOP_DEFAULTS: Omit<ExecStopDefinition, keyof NodeDef | "container"> = {
  sessionId: "sessionId",
  sessionIdType: "msg",
  timeout: "",
  timeoutType: "num",
  signal: "",
  signalType: "str",
};

/** Makes an exec-stop out of a new node. */
export function setUpExecStop(RED: NodeAPI, node: Node, saved: ExecStopDefinition): void {
  const definition = { ...EXEC_STOP_DEFAULTS, ...saved };
  const { sessionId: value, sessionIdType: type } = definition;
  handleVerb(RED, node, async (evaluation, show) => {
    const container = containerSettings(RED, definition.container);
    const id = await evaluateSessionId(evaluation, { value, type });
    const options = await readStopOptions(evaluation, definition);
    const service = await container.openService();
    show({ fill: "blue", shape: "dot", text: RED._("exec-stop.status.stopping") });
    const end = await service.stop(id, options);
    const stopped = { fill: "green", shape: "dot", text: RED._("exec-stop.status.stopped") } as const;
    // Null: a session of the old form, which has no end record and cannot be inspected.
    if (end === null) return { changes: {}, status: stopped };
    const session = await inspectIfThere(service, id);
    const rc = createReturnCode(end, session);
    const found = session === null ? {} : { sessionId: session.ID, session };
    return { changes: { ...found, rc, exitCode: rc.code }, status: stopped };
  });
}

async function readStopOptions(evaluation: Evaluation, node: ExecStopDefinition): Promise<StopOptions> {
  const timeout = await evaluateNumber(evaluation, "timeout", {
    value: node.timeout,
    type: node.timeoutType,
  });
  const signal = await evaluate(evaluation, "signal", { value: node.signal, type: node.signalType });
  // Unchecked: what they may be is the service's to say.
  return {
    ...(timeout !== undefined && { timeout: timeout as number }),
    ...(signal !== undefined && { signal: signal as string }),
  };
}
