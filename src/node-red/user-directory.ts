import { homedir } from "node:os";
import { join } from "node:path";
import type { NodeAPI } from "node-red";

/** Where Node-RED keeps what is its user's. An embedded Node-RED may have been given none; this is then its own default. */
export function userDirectory(RED: NodeAPI): string {
  return RED.settings.userDir ?? join(homedir(), ".node-red");
}
