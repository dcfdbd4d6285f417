import type { NodeDef } from "node-red";

/** One variable: a text, the name of one of Node-RED's own variables, or the name of the credential that holds it. */
export interface EnvironmentRow {
  readonly name: string;
  readonly type: "str" | "env" | "cred";
  readonly value: string;
}

/** What the edit dialog of exec-container saves. */
export interface ExecContainerDefinition extends NodeDef {
  /** `crun`, `runc` or `local`. */
  readonly runtime: string;
  /** Empty: found on the PATH. */
  readonly runtimePath: string;
  /** Empty: the runtime's own. */
  readonly runtimeRoot: string;
  /** Empty: each message has to name one; with the runtime `local`: this machine. */
  readonly container: string;
  readonly user: string;
  readonly workDir: string;
  /** Seconds. Empty: the container's own. */
  readonly stopTimeout: string;
  /** Not `env`: Node-RED's editor lets nobody edit a configuration node that has a property of that name. */
  readonly environment: readonly EnvironmentRow[];
  /** Relative to Node-RED's user directory. Empty: `exec-sessions` there. */
  readonly stateDir: string;
  /** `process`: the sessions outlive Node-RED in a process of their own. `inside`: they are kept inside Node-RED. */
  readonly host: string;
  /** What becomes of a session whose exec-start is deleted: `keep`, `stop` or `remove`. */
  readonly onDelete: string;
  /** What becomes of commands that outlived whoever kept their sessions: `keep` or `stop`. */
  readonly orphans: string;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_CONTAINER_DEFAULTS: Omit<ExecContainerDefinition, keyof NodeDef> = {
  runtime: "local",
  runtimePath: "",
  runtimeRoot: "",
  container: "",
  user: "",
  workDir: "",
  stopTimeout: "",
  environment: [],
  stateDir: "",
  host: "process",
  onDelete: "keep",
  orphans: "keep",
};

/** How many secret values one exec-container can hold: Node-RED wants every credential to be declared. */
const SECRET_COUNT = 16;

/** The credentials `secret1` to `secret16`, in which the values of secret variables are kept. */
export const SECRETS: Readonly<Record<string, { type: "password" }>> = Object.fromEntries(
  Array.from({ length: SECRET_COUNT }, (_, index) => [`secret${index + 1}`, { type: "password" as const }]),
);
