import { join } from "node:path";
import type { NodeAPI } from "node-red";
import { settleDeletedNodes } from "./deleted-nodes.ts";
import { FileResumeRegistry } from "./file-resume-registry.ts";
import { onceFlowsStarted } from "./flow-life.ts";
import type { ResumeRegistry } from "./resume-registry.ts";
import { userDirectory } from "./user-directory.ts";

/** Below Node-RED's user directory, since it is about its flows, whatever state directories they use. */
const FOLDER = "exec-sessions-resume";

/** Node-RED makes new node objects at each deploy, so what they have to remember is kept here, by its folder. */
const registries = new Map<string, ResumeRegistry>();

/** What the flows of this Node-RED have to go on with. */
export function resumeRegistry(RED: NodeAPI): ResumeRegistry {
  const folder = join(userDirectory(RED), FOLDER);
  const known = registries.get(folder);
  if (known !== undefined) return known;
  const registry = new FileResumeRegistry(folder, (sentence) => RED.log.warn(`[exec-start] ${sentence}`));
  registries.set(folder, registry);
  return registry;
}

/** Once the flows run for the first time: looks for sessions whose nodes have been deleted while Node-RED was off. */
export function settleDeletedNodesAtStart(RED: NodeAPI): void {
  onceFlowsStarted(RED.events, () => settleDeletedNodes(RED, resumeRegistry(RED)));
}
