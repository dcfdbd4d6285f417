import type { Node, NodeAPI, NodeDef } from "node-red";
import { parseTerminalSize } from "../session/terminal-size.ts";
import { containerSettings } from "./exec-container-node.ts";
import { evaluateSessionId } from "./session-id-field.ts";
import { evaluateNumber } from "./typed-value.ts";
import { handleVerb } from "./verb-node.ts";

/** What the edit dialog of exec-resize saves. A value beside a `...Type` is a TypedInput's. */
export interface ExecResizeDefinition extends NodeDef {
  readonly container: string;
  readonly sessionId: string;
  readonly sessionIdType: string;
  readonly columns: string;
  readonly columnsType: string;
  readonly rows: string;
  readonly rowsType: string;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_RESIZE_DEFAULTS: Omit<ExecResizeDefinition, keyof NodeDef | "container"> = {
  sessionId: "sessionId",
  sessionIdType: "msg",
  columns: "payload.columns",
  columnsType: "msg",
  rows: "payload.rows",
  rowsType: "msg",
};

/** Makes an exec-resize out of a new node. */
export function setUpExecResize(RED: NodeAPI, node: Node, saved: ExecResizeDefinition): void {
  const definition = { ...EXEC_RESIZE_DEFAULTS, ...saved };
  handleVerb(RED, node, async (evaluation) => {
    const container = containerSettings(RED, definition.container);
    const { sessionId: value, sessionIdType: type } = definition;
    const id = await evaluateSessionId(evaluation, { value, type });
    const { columns, columnsType, rows, rowsType } = definition;
    const size = parseTerminalSize({
      columns: await evaluateNumber(evaluation, "columns", { value: columns, type: columnsType }),
      rows: await evaluateNumber(evaluation, "rows", { value: rows, type: rowsType }),
    });
    const service = await container.openService();
    await service.resize(id, size);
    const text = `${size.columns}×${size.rows}`;
    return { changes: {}, status: { fill: "green", shape: "dot", text } };
  });
}
