import type { Request, Response } from "express";
import type { NodeAPI } from "node-red";
import { findLocalHost, findSharedFate, type SharedFate } from "../client/shared-fate.ts";
import { isSessionError } from "../session/session-error.ts";
import { containerSettings } from "./exec-container-node.ts";

/** What the edit dialog of exec-container shows of the session host. */
export interface SessionHostView {
  readonly host: "process" | "inside";
  readonly stateDir: string;
  /** Null: none runs, or none that could be seen from here. */
  readonly running: {
    readonly pid: number;
    readonly version: string;
    readonly endsWith: SharedFate | null;
  } | null;
}

/** Tells the editor how the sessions of a deployed exec-container are kept. It starts nothing. */
export function serveSessionHostView(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/exec-sessions/session-host/:id",
    RED.auth.needsPermission("exec-container.read"),
    (request: Request, response: Response) => {
      try {
        response.json(viewOf(RED, String(request.params.id)));
      } catch (error) {
        if (!isSessionError(error)) throw error;
        response
          .status(error.code === "EXEC_NO_CONTAINER" ? 404 : 400)
          .json({ code: error.code, message: error.message });
      }
    },
  );
}

function viewOf(RED: NodeAPI, id: string): SessionHostView {
  const { host, stateDir } = containerSettings(RED, id).service();
  const found = host === "process" ? findLocalHost(stateDir) : null;
  const running = found && { pid: found.pid, version: found.version, endsWith: findSharedFate(found) };
  return { host, stateDir, running };
}
