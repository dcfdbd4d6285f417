import type { NodeDef } from "node-red";
import { SessionError, showValue } from "../session/session-error.ts";
import type { ExitPolicy } from "./exit-policy.ts";
import type { PieceRule } from "./output-pieces.ts";

/** What the edit dialog of exec-start saves. A value beside a `...Type` is a TypedInput's. */
export interface ExecStartDefinition extends NodeDef {
  readonly container: string;
  readonly sessionId: string;
  readonly sessionIdType: string;
  readonly mode: "attach" | "detached";
  readonly unit: "chunk" | "line" | "whole";
  readonly format: "text" | "buffer";
  /** KiB of the longest line, or of the longest whole output, in one message. Empty: 1024, or 65536 for a whole output. */
  readonly maxSize: string;
  readonly input: string;
  readonly inputType: string;
  readonly endInput: boolean;
  readonly errors: ExitPolicy;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_START_DEFAULTS: Omit<ExecStartDefinition, keyof NodeDef | "container"> = {
  sessionId: "sessionId",
  sessionIdType: "msg",
  mode: "attach",
  unit: "chunk",
  format: "text",
  maxSize: "",
  input: "",
  inputType: "none",
  endInput: true,
  errors: "never",
};

/** How the node's output becomes messages. Throws EXEC_INVALID_CONFIG for a size that is none. */
export function readPieceRule({ unit, format, maxSize }: ExecStartDefinition): PieceRule {
  const kib = String(maxSize).trim() === "" ? DEFAULT_MAX_KIB[unit] : Number(maxSize);
  if (Number.isInteger(kib) && kib >= 1 && kib <= LARGEST_MAX_KIB) {
    return { unit, isText: format === "text", maxBytes: kib * BYTES_PER_KIB };
  }
  throw new SessionError(
    "EXEC_INVALID_CONFIG",
    `"maxSize" must be a whole number of KiB from 1 to ${LARGEST_MAX_KIB}; got ${showValue(maxSize)}.`,
    { details: { field: "maxSize" } },
  );
}

const BYTES_PER_KIB = 1024;

/** A long line is most often a mistake; a whole output is as much as its log keeps by default. */
const DEFAULT_MAX_KIB = { chunk: 1024, line: 1024, whole: 64 * 1024 };

/** 256 MiB; a string in V8 holds no more than twice that. */
const LARGEST_MAX_KIB = 256 * 1024;
