import { SessionError, showValue } from "../session/session-error.ts";
import type { ExecCreateDefinition, NamedValue } from "./exec-create-definition.ts";
import { type Evaluation, evaluate, evaluateNumber, type TypedValue } from "./typed-value.ts";

/** An exec-create's own fields, named as in the configuration. Undefined: left empty. */
export interface CreateFields extends Readonly<Record<string, unknown>> {
  readonly env: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, unknown>>;
}

/** Evaluates a node's fields for a message, but those that the message overrides. */
export async function readFields(
  evaluation: Evaluation,
  node: ExecCreateDefinition,
  override: Readonly<Record<string, unknown>>,
): Promise<CreateFields> {
  const unlessOverridden = <T>(field: string, read: () => Promise<T>) =>
    field in override ? undefined : read();
  const text = (field: string, value: string, type: string) =>
    unlessOverridden(field, () => evaluate(evaluation, field, { value, type }));
  const seconds = (field: string, value: string, type: string) =>
    unlessOverridden(field, () => evaluateNumber(evaluation, field, { value, type }));
  const isTty = (override.tty ?? node.tty) === true;
  return {
    command: await unlessOverridden("command", () => readCommand(evaluation, node)),
    tty: node.tty,
    attachStdin: node.stdin,
    privileged: node.privileged,
    user: await text("user", node.user, node.userType),
    workDir: await text("workDir", node.workDir, node.workDirType),
    timeout: await seconds("timeout", node.timeout, node.timeoutType),
    stopSignal: await text("stopSignal", node.stopSignal, node.stopSignalType),
    stopTimeout: await seconds("stopTimeout", node.stopTimeout, node.stopTimeoutType),
    consoleSize: isTty ? await unlessOverridden("consoleSize", () => readSize(evaluation, node)) : undefined,
    detachKeys: await unlessOverridden("detachKeys", () => readDetachKeys(evaluation, node)),
    output: await unlessOverridden("output", () => readOutputLimits(evaluation, node)),
    env: await readNamedValues(evaluation, "env", node.env),
    labels: await readNamedValues(evaluation, "labels", node.labels),
  };
}

/** The shell that a shell line is for. Every container that has a shell has it here. */
const SHELL = "/bin/sh";

async function readCommand(evaluation: Evaluation, node: ExecCreateDefinition): Promise<unknown> {
  switch (node.commandKind) {
    case "args":
      return Promise.all(node.args.map((row) => evaluateItem(evaluation, "command", row)));
    case "list":
      return evaluate(evaluation, "command", { value: node.command, type: node.commandType });
    case "shell":
      return [SHELL, "-c", await readShellLine(evaluation, node)];
  }
}

async function readShellLine(evaluation: Evaluation, node: ExecCreateDefinition): Promise<string> {
  const line = await evaluate(evaluation, "shellLine", { value: node.shellLine, type: node.shellLineType });
  if (typeof line === "string" && line.trim() !== "") return line;
  throw new SessionError(
    "EXEC_INVALID_CONFIG",
    `"command" as a shell line must be a text that is not empty; got ${showValue(line)}.`,
    { details: { field: "command" } },
  );
}

/** Undefined: the runtime's default. One of the two alone is left to the service to refuse. */
async function readSize(evaluation: Evaluation, node: ExecCreateDefinition): Promise<unknown> {
  const columns = await evaluateNumber(evaluation, "columns", {
    value: node.columns,
    type: node.columnsType,
  });
  const rows = await evaluateNumber(evaluation, "rows", { value: node.rows, type: node.rowsType });
  return columns === undefined && rows === undefined ? undefined : { columns, rows };
}

async function readDetachKeys(evaluation: Evaluation, node: ExecCreateDefinition): Promise<unknown> {
  const { detachKeys: value, detachKeysType: type } = node;
  if (type === "default") return undefined;
  return type === "off" ? "" : evaluate(evaluation, "detachKeys", { value, type });
}

async function readOutputLimits(evaluation: Evaluation, node: ExecCreateDefinition): Promise<unknown> {
  const max = await evaluateNumber(evaluation, "output", { value: node.outputMax, type: node.outputMaxType });
  const replay = await evaluateNumber(evaluation, "output", {
    value: node.outputReplay,
    type: node.outputReplayType,
  });
  return {
    ...(max !== undefined && { maxBytes: kibToBytes(max) }),
    ...(replay !== undefined && { replayBytes: kibToBytes(replay) }),
    ...(node.outputPolicy !== "" && { policy: node.outputPolicy }),
  };
}

const BYTES_PER_KIB = 1024;

/** What is no number is left as it is, for the service to refuse. */
function kibToBytes(value: unknown): unknown {
  return typeof value === "number" ? value * BYTES_PER_KIB : value;
}

async function readNamedValues(
  evaluation: Evaluation,
  field: "env" | "labels",
  rows: readonly NamedValue[],
): Promise<Readonly<Record<string, unknown>>> {
  const entries = await Promise.all(
    rows.map(async (row) => [row.name, await readNamedValue(evaluation, field, row)] as const),
  );
  return Object.fromEntries(entries);
}

async function readNamedValue(evaluation: Evaluation, field: string, row: NamedValue): Promise<unknown> {
  const value = await evaluateItem(evaluation, field, row);
  if (value !== undefined && value !== null) return value;
  throw new SessionError(
    "EXEC_INVALID_CONFIG",
    `"${field}" has no value for ${showValue(row.name)}: ${row.type} ${showValue(row.value)} is not set.`,
    { details: { field } },
  );
}

/** One item of a list: an empty text is a value here, and numbers and truth values become text. */
async function evaluateItem(evaluation: Evaluation, field: string, row: TypedValue): Promise<unknown> {
  const value = row.type === "str" ? row.value : await evaluate(evaluation, field, row);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}
