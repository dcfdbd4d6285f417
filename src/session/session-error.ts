import { inspect } from "node:util";

/**
 * Every error code a caller can meet, with the HTTP status it has on the wire.
 * Codes are never renamed and never reused; docs/errors.md lists exactly this table.
 */
export const errorCodes = {
  EXEC_INVALID_CONFIG: {
    status: 400,
    meaning: "A field of the exec configuration has a value that is not allowed.",
  },
  EXEC_INVALID_ARGUMENT: { status: 400, meaning: "An argument of the call has a value that is not allowed." },
  EXEC_INVALID_SESSION_ID: {
    status: 400,
    meaning: "The session id is not 1 to 64 lower-case hexadecimal digits.",
  },
  EXEC_INVALID_CONTAINER_ID: {
    status: 400,
    meaning: "The container id or name is not one that a runtime could have given.",
  },
  EXEC_INVALID_SIZE: { status: 400, meaning: "The terminal size is not two whole numbers from 1 to 65535." },
  EXEC_USER_NOT_FOUND: { status: 400, meaning: "The container has no such user." },
  EXEC_GROUP_NOT_FOUND: { status: 400, meaning: "The container has no such group." },
  EXEC_WORKDIR_NOT_FOUND: {
    status: 400,
    meaning: "The working directory is not a directory in the container.",
  },
  EXEC_SESSION_NOT_FOUND: { status: 404, meaning: "No session has this id." },
  EXEC_SESSION_AMBIGUOUS: { status: 409, meaning: "More than one session id begins with these digits." },
  EXEC_CONTAINER_NOT_FOUND: { status: 404, meaning: "The runtime knows no such container." },
  EXEC_CONTAINER_AMBIGUOUS: {
    status: 409,
    meaning: "More than one of the known runtimes has a container of this name.",
  },
  EXEC_CONTAINER_NOT_RUNNING: { status: 409, meaning: "The container exists but does not run." },
  EXEC_CONTAINER_PAUSED: { status: 409, meaning: "The container is paused; unpause it first." },
  EXEC_WRONG_STATE: { status: 409, meaning: "The session's state does not allow this verb." },
  EXEC_NOT_A_TTY: {
    status: 409,
    meaning: "The session has no terminal, so it has no size and no detach keys.",
  },
  EXEC_STDIN_NOT_ATTACHED: { status: 409, meaning: "The session was created without standard input." },
  EXEC_STDIN_CLOSED: { status: 409, meaning: "The session's standard input has ended." },
  EXEC_START_FAILED: {
    status: 409,
    meaning: "The command could not be started; details.startError says why.",
  },
  EXEC_STOP_FAILED: { status: 500, meaning: "The process did not end after SIGKILL." },
  EXEC_RUNTIME_NOT_FOUND: {
    status: 500,
    meaning: "The runtime's path does not exist, or no such program is on the PATH.",
  },
  EXEC_RUNTIME_NOT_EXECUTABLE: {
    status: 500,
    meaning: "The runtime's path is not a program that may be run.",
  },
  EXEC_RUNTIME_FAILED: { status: 500, meaning: "The runtime failed in a way that has no code of its own." },
  EXEC_RUNTIME_UNSUPPORTED: { status: 409, meaning: "This runtime cannot do what was asked." },
  EXEC_TTY_UNAVAILABLE: {
    status: 409,
    meaning: "TTY sessions need the optional package node-pty, which is not installed.",
  },
  EXEC_STATE_DIR_UNUSABLE: {
    status: 500,
    meaning: "The state directory cannot be created, read or written.",
  },
  EXEC_STATE_DIR_IN_USE: { status: 409, meaning: "Another live process owns the state directory." },
  EXEC_STATE_DIR_LOST: { status: 500, meaning: "This process no longer owns its state directory." },
  EXEC_STORE_FAILED: {
    status: 500,
    meaning: "The session's record could not be written, for example because the disk is full.",
  },
  EXEC_CLOSED: { status: 409, meaning: "The session service has been closed." },
  EXEC_NO_CONTAINER: { status: 400, meaning: "Neither the node nor the message names a container." },
  EXEC_NONZERO_EXIT: {
    status: 500,
    meaning: "The command ended with an exit code other than 0, and the node counts that as an error.",
  },
  EXEC_SIGNALLED: {
    status: 500,
    meaning: "The command was ended by a signal, and the node counts that as an error.",
  },
  EXEC_TIMED_OUT: {
    status: 500,
    meaning: "The command ran longer than its timeout, and the node counts that as an error.",
  },
  EXEC_EXIT_UNKNOWN: {
    status: 500,
    meaning: "Nothing knows how the command ended, and the node counts that as an error.",
  },
  EXEC_BAD_REQUEST: { status: 400, meaning: "The request is not one that HTTP or this API allows." },
  EXEC_API_VERSION: {
    status: 400,
    meaning: "The two ends of the socket have no version of the API in common.",
  },
  EXEC_CALL_NOT_FOUND: { status: 404, meaning: "The API has no such call." },
  EXEC_METHOD_NOT_ALLOWED: { status: 405, meaning: "The call exists, but not with this HTTP method." },
  EXEC_REQUEST_TIMEOUT: { status: 408, meaning: "The request did not arrive as a whole in time." },
  EXEC_REQUEST_TOO_LARGE: { status: 413, meaning: "The request is larger than the API takes." },
  EXEC_UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    meaning: "The request's body has a content type that the call does not take.",
  },
  EXEC_HOST_ERROR: { status: 500, meaning: "The session host failed in a way that has no code of its own." },
  EXEC_SOCKET_UNUSABLE: { status: 500, meaning: "The session host's socket cannot be made." },
  EXEC_BAD_ANSWER: {
    status: 502,
    meaning: "What answered on the socket is no session host, or broke the rules of the API.",
  },
  EXEC_HOST_BUSY: { status: 503, meaning: "The session host has as many connections as it allows." },
  EXEC_HOST_UNREACHABLE: {
    status: 503,
    meaning: "The session host does not answer, or the connection to it broke.",
  },
} as const satisfies Record<string, { status: number; meaning: string }>;

/** One of the codes in {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Facts about the error for programs; plain JSON. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error type of this package. Match on `code`, never on the class: the error may have crossed a socket.
 * `message` is one sentence that says what was asked, of what, and what is allowed or to be done.
 */
export class SessionError extends Error {
  override readonly name = "SessionError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The HTTP status of this code. */
  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** Whether a value is a session error, also one from another copy of this package or from over the wire. */
export function isSessionError(value: unknown): value is SessionError {
  return (
    value instanceof Error &&
    "code" in value &&
    typeof value.code === "string" &&
    Object.hasOwn(errorCodes, value.code)
  );
}

/** The sentence of any thrown value. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : showValue(error);
}

/** Any value as an error sentence shows it, cut at 80 characters. Never throws, whatever a message holds. */
export function showValue(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value.slice(0, MAX_SHOWN_LENGTH))
      : inspect(value, SHOWN_PART).replaceAll(/\s*\n\s*/g, " ");
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH).toWellFormed()}…` : text;
}

/** What sort of value it is, for sentences about values that may be secrets. */
export function showKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Long enough to recognise a value, short enough for Node-RED's debug sidebar. */
const MAX_SHOWN_LENGTH = 80;
/** A payload of megabytes is not written out only to be cut. */
const SHOWN_PART = {
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
  depth: 2,
  maxArrayLength: MAX_SHOWN_LENGTH,
  maxStringLength: MAX_SHOWN_LENGTH,
};
