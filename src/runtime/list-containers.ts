import type { RuntimeSpec } from "../session/exec-session.ts";
import type { Container, Runtime } from "../session/runtime.ts";
import { isSessionError, SessionError } from "../session/session-error.ts";
import { askRuntime, rootArguments } from "./ask-runtime.ts";
import { LOCAL_CONTAINER_ID } from "./local-request.ts";
import { findRuntimeProgram } from "./runtime-program.ts";

/** All containers of a runtime, in any state. Throws EXEC_RUNTIME_*. */
export async function listContainers(runtime: Runtime): Promise<readonly Container[]> {
  const ids = runtime.spec.kind === "local" ? [LOCAL_CONTAINER_ID] : await listOciContainers(runtime.spec);
  const containers = await Promise.all(ids.map((id) => findIfThere(runtime, id)));
  return containers.filter((container) => container !== null);
}

async function listOciContainers(spec: RuntimeSpec): Promise<readonly string[]> {
  const program = await findRuntimeProgram(spec);
  const result = await askRuntime(program, [...rootArguments(spec), "list", "--quiet"]);
  if (!result.failed) return result.stdout.split("\n").filter((id) => id !== "");
  throw new SessionError(
    "EXEC_RUNTIME_FAILED",
    `${spec.kind} could not list its containers: ${result.stderr.trim() || result.shortMessage}`,
    { details: { runtime: spec.kind, root: spec.root } },
  );
}

/** Null: it has been removed since it was listed. */
async function findIfThere(runtime: Runtime, id: string): Promise<Container | null> {
  try {
    return await runtime.findContainer(id);
  } catch (error) {
    if (isSessionError(error) && error.code === "EXEC_CONTAINER_NOT_FOUND") return null;
    throw error;
  }
}
