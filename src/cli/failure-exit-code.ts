/** Podman's exit code for a failure of its own; commands seldom use it. */
export const FAILURE_EXIT_CODE = 125;
