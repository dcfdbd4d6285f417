import type { RuntimeSpec } from "../session/exec-session.ts";
import type { ContainerState } from "../session/runtime.ts";
import { SessionError } from "../session/session-error.ts";
import { ANSWER_TIMEOUT_MS, askRuntime, type RuntimeAnswer, rootArguments } from "./ask-runtime.ts";
import { lastError } from "./oci-log.ts";
import { assertRuntimeProgram } from "./runtime-program.ts";
import { startErrorKind } from "./start-error-table.ts";

/** A container as `RUNTIME state` tells it. */
export interface OciState {
  readonly id: string;
  readonly state: ContainerState;
  /** 0: it has no process. */
  readonly pid: number;
  readonly bundle: string;
}

const states: Readonly<Record<string, ContainerState>> = {
  creating: "created",
  created: "created",
  running: "running",
  paused: "paused",
  stopped: "stopped",
};

/** Asks a runtime for a container; throws EXEC_CONTAINER_NOT_FOUND or EXEC_RUNTIME_FAILED. */
export async function readOciState(program: string, spec: RuntimeSpec, id: string): Promise<OciState> {
  const args = [...rootArguments(spec), "--log-format", "json", "state", id];
  const result = await askRuntime(program, args);
  if (result.failed) {
    // It may have been uninstalled meanwhile.
    await assertRuntimeProgram(spec.kind, program);
    throw stateError(spec, id, result);
  }
  return parseState(spec, id, result.stdout);
}

function stateError(spec: RuntimeSpec, id: string, { stderr, timedOut, shortMessage }: RuntimeAnswer) {
  const text = timedOut
    ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`
    : lastError(stderr) || stderr.trim() || shortMessage || "no word of why";
  const details = { container: id, runtime: spec.kind, root: spec.root };
  if (startErrorKind(text) === "containerNotRunning") {
    const place = spec.root === "" ? "" : ` in ${spec.root}`;
    const sentence = `${spec.kind} knows no container ${id}${place}; make and start it first.`;
    return new SessionError("EXEC_CONTAINER_NOT_FOUND", sentence, { details });
  }
  const sentence = `${spec.kind} could not tell the state of container ${id}: ${text}`;
  return new SessionError("EXEC_RUNTIME_FAILED", sentence, { details });
}

function parseState(spec: RuntimeSpec, id: string, text: string): OciState {
  const raw = parseObject(text);
  const state = states[String(raw.status)];
  if (state !== undefined && typeof raw.bundle === "string") {
    const pid = typeof raw.pid === "number" ? raw.pid : 0;
    return { id: typeof raw.id === "string" ? raw.id : id, state, pid, bundle: raw.bundle };
  }
  throw new SessionError(
    "EXEC_RUNTIME_FAILED",
    `${spec.kind} gave no usable state of container ${id}: ${text.slice(0, SHOWN_LENGTH)}`,
  );
}

/** Enough of a strange answer to recognise it. */
const SHOWN_LENGTH = 200;

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
