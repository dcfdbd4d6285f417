import type { NextFunction, Request, Response } from "express";
import type { NodeAPI } from "node-red";
import { findLocalHost, findSharedFate, foreseeSharedFate, type SharedFate } from "../client/shared-fate.ts";
import { mayStartHost } from "../client/start-policy.ts";
import { isSessionError } from "../session/session-error.ts";
import { containerSettings } from "./exec-container-node.ts";

/** What the edit dialog of exec-container shows of the session host. */
export interface SessionHostView {
  readonly host: "process" | "inside";
  readonly stateDir: string;
  /** Null: none runs, or none that could be seen from here. */
  readonly running: { readonly pid: number; readonly version: string } | null;
  /** Whether Node-RED starts one when a session needs it, or leaves that to others. */
  readonly isStartedHere: boolean;
  /** What ends the host together with Node-RED: the one that runs, or else one that Node-RED started now. Null: nothing that is known. */
  readonly endsWith: SharedFate | null;
}

/** Tells the editor how the sessions of a deployed exec-container are kept. It starts no host. */
export function serveSessionHostView(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/exec-sessions/session-host/:id",
    RED.auth.needsPermission("exec-container.read"),
    async (request: Request, response: Response, next: NextFunction) => {
      try {
        response.json(await viewOf(RED, String(request.params.id)));
      } catch (error) {
        if (!isSessionError(error)) {
          next(error);
          return;
        }
        response
          .status(error.code === "EXEC_NO_CONTAINER" ? 404 : 400)
          .json({ code: error.code, message: error.message });
      }
    },
  );
}

async function viewOf(RED: NodeAPI, id: string): Promise<SessionHostView> {
  const { host, stateDir } = containerSettings(RED, id).service();
  if (host === "inside") return { host, stateDir, running: null, isStartedHere: false, endsWith: null };
  const found = findLocalHost(stateDir);
  return {
    host,
    stateDir,
    running: found && { pid: found.pid, version: found.version },
    isStartedHere: mayStartHost(),
    endsWith: found === null ? await foreseeSharedFate() : findSharedFate(found),
  };
}
