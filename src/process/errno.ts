/** Whether an error is the system's, with this code. */
export function isErrno(error: unknown, code: string): boolean {
  return errnoOf(error) === code;
}

/** The system's code of an error, such as `ENOENT`. Undefined: the error is none of the system's. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
