import * as z from "zod";
import {
  type ErrorCode,
  errorCodes,
  errorText,
  isSessionError,
  SessionError,
} from "../session/session-error.ts";

/** An error as it crosses the socket. Docker's clients show `message` and ignore the rest. */
export const wireErrorSchema = z
  .object({
    message: z.string().meta({ description: "One sentence: what was asked, of what, and what is allowed." }),
    code: z.string().meta({ description: "One of the codes in docs/errors.md." }),
    details: z
      .record(z.string(), z.unknown())
      .default({})
      .meta({ description: "The same facts for programs." }),
  })
  .meta({
    id: "Error",
    description: "Podman's clients find the sentence also in `cause`, and the status in `response`.",
  });

export type WireError = z.output<typeof wireErrorSchema>;

/** Any thrown value as it is told to the other end; what is no SessionError is a fault of the host. */
export function toWireError(error: unknown): WireError {
  if (!isSessionError(error)) return { message: errorText(error), code: "EXEC_HOST_ERROR", details: {} };
  return { message: error.message, code: error.code, details: error.details ?? {} };
}

/** The error that the other end threw, with its code. A code from a later version becomes EXEC_BAD_ANSWER. */
export function fromWireError({ message, code, details }: WireError): SessionError {
  if (isErrorCode(code)) return new SessionError(code, message, { details });
  return new SessionError(
    "EXEC_BAD_ANSWER",
    `The session host failed with the unknown code ${code}: ${message}`,
    {
      details: { ...details, code },
    },
  );
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
