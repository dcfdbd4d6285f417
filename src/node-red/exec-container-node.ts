import { resolve } from "node:path";
import type { Node, NodeAPI } from "node-red";
import type { ContainerRef, RuntimeSpec } from "../session/exec-session.ts";
import { SessionError, showValue } from "../session/session-error.ts";
import type { SessionService } from "../session/session-service.ts";
import type { DeletedNodePolicy } from "./deleted-nodes.ts";
import {
  type EnvironmentRow,
  EXEC_CONTAINER_DEFAULTS,
  type ExecContainerDefinition,
} from "./exec-container-definition.ts";
import { closeOnShutdown, openSessionService, type ServiceChoice } from "./session-services.ts";
import { userDirectory } from "./user-directory.ts";

/** What create takes where neither the node nor the message says otherwise. */
export interface ContainerDefaults {
  readonly user: string;
  readonly workDir: string;
  /** Undefined: the container's own. */
  readonly stopTimeout: number | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** What the other nodes get from their exec-container. */
export interface ContainerSettings {
  /** Throws EXEC_INVALID_CONFIG for a choice that is none. */
  service(): ServiceChoice;
  /** Throws EXEC_INVALID_CONFIG for a policy that is none. */
  onDelete(): DeletedNodePolicy;
  /** The container that a message names, or else this node's own. Throws EXEC_NO_CONTAINER if there is neither. */
  target(fromMessage: unknown): ContainerRef;
  /** Throws EXEC_INVALID_CONFIG if a variable's secret is not stored here, as after an import. */
  defaults(): ContainerDefaults;
  /** The service of the state directory; it stays the same over deploys. */
  openService(): Promise<SessionService>;
}

const settingsOf = new WeakMap<Node, ContainerSettings>();

/** Makes an exec-container out of a new node. */
export function setUpExecContainer(RED: NodeAPI, node: Node, saved: ExecContainerDefinition): void {
  const definition = { ...EXEC_CONTAINER_DEFAULTS, ...saved };
  const stateDir = resolve(userDirectory(RED), definition.stateDir || DEFAULT_STATE_DIRECTORY);
  const service = (): ServiceChoice => ({
    stateDir,
    host: readChoice("host", definition.host, ["process", "inside"]),
    orphans: readChoice("orphans", definition.orphans, ["keep", "stop"]),
  });
  settingsOf.set(node, {
    service,
    onDelete: () => readChoice("onDelete", definition.onDelete, ["keep", "stop", "remove"]),
    target: (fromMessage) => readTarget(definition, fromMessage),
    defaults: () => readDefaults(RED, node, definition),
    openService: async () => openSessionService(RED, service()),
  });
  node.on("close", (_removed: boolean, done: () => void) => {
    closeOnShutdown().then(done, done);
  });
}

/** The settings of the exec-container that a node uses. Throws EXEC_NO_CONTAINER if it uses none, or one that is disabled. */
export function containerSettings(RED: NodeAPI, containerNodeId: string): ContainerSettings {
  const node: Node | null = RED.nodes.getNode(containerNodeId);
  const settings = node === null ? undefined : settingsOf.get(node);
  if (settings !== undefined) return settings;
  throw new SessionError(
    "EXEC_NO_CONTAINER",
    "This node has no container configuration, or it is disabled; choose one in the node's edit dialog.",
  );
}

const DEFAULT_STATE_DIRECTORY = "exec-sessions";

function readChoice<Choice extends string>(
  field: string,
  value: string,
  allowed: readonly [Choice, ...Choice[]],
): Choice {
  const choice = allowed.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new SessionError(
    "EXEC_INVALID_CONFIG",
    `"${field}" must be ${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}; got ${showValue(value)}.`,
    { details: { field } },
  );
}

/** The runtime `local` knows one container, this machine; its dialog asks for none. */
const LOCAL_CONTAINER = "local";

function readTarget(definition: ExecContainerDefinition, fromMessage: unknown): ContainerRef {
  const runtime = readRuntime(definition);
  const own = runtime.kind === "local" ? LOCAL_CONTAINER : definition.container;
  const container = fromMessage ?? own;
  if (container === "") {
    throw new SessionError(
      "EXEC_NO_CONTAINER",
      'Neither the container configuration nor "msg.container" names a container; give its id or name in one of them.',
    );
  }
  if (typeof container === "string") return { runtime, container };
  throw new SessionError(
    "EXEC_INVALID_CONTAINER_ID",
    `"msg.container" must be a container's id or name as a string; got ${showValue(container)}.`,
    { details: { field: "container" } },
  );
}

function readRuntime({ runtime, runtimePath, runtimeRoot }: ExecContainerDefinition): RuntimeSpec {
  switch (runtime) {
    case "crun":
    case "runc":
      return { kind: runtime, path: runtimePath, root: runtimeRoot };
    case "local":
      return { kind: runtime, path: "", root: "" };
    default:
      throw new SessionError(
        "EXEC_INVALID_CONFIG",
        `"runtime" must be crun, runc or local; got ${showValue(runtime)}.`,
        { details: { field: "runtime" } },
      );
  }
}

function readDefaults(RED: NodeAPI, node: Node, definition: ExecContainerDefinition): ContainerDefaults {
  const { user, workDir, stopTimeout, environment } = definition;
  return {
    user,
    workDir,
    stopTimeout: stopTimeout === "" ? undefined : Number(stopTimeout),
    env: Object.fromEntries(environment.map((row) => [row.name, variableValue(RED, node, row)])),
  };
}

function variableValue(RED: NodeAPI, node: Node, { name, type, value }: EnvironmentRow): string {
  if (type !== "cred") return String(RED.util.evaluateNodeProperty(value, type, node, {}));
  const secret = (node.credentials as Readonly<Record<string, string>> | undefined)?.[value];
  if (secret !== undefined) return secret;
  throw new SessionError(
    "EXEC_INVALID_CONFIG",
    `The secret value of the variable "${name}" is not stored on this Node-RED; enter it in the container configuration.`,
    { details: { field: "environment" } },
  );
}
