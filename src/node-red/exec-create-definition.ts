import type { NodeDef } from "node-red";
import type { TypedValue } from "./typed-value.ts";

/** One row of a list of names and values. */
export interface NamedValue extends TypedValue {
  readonly name: string;
}

/** What the edit dialog of exec-create saves. A value beside a `...Type` is a TypedInput's. */
export interface ExecCreateDefinition extends NodeDef {
  readonly container: string;
  /** Where the command is: in `args`, one value a row; in `command`, as a list; or in `shellLine`, for /bin/sh. */
  readonly commandKind: "args" | "list" | "shell";
  readonly args: readonly TypedValue[];
  readonly command: string;
  readonly commandType: string;
  readonly shellLine: string;
  readonly shellLineType: string;
  readonly tty: boolean;
  /** Opens standard input, for exec-start to write to. */
  readonly stdin: boolean;
  readonly privileged: boolean;
  readonly env: readonly NamedValue[];
  readonly labels: readonly NamedValue[];
  readonly user: string;
  readonly userType: string;
  readonly workDir: string;
  readonly workDirType: string;
  /** Seconds. */
  readonly timeout: string;
  readonly timeoutType: string;
  readonly stopSignal: string;
  readonly stopSignalType: string;
  /** Seconds. */
  readonly stopTimeout: string;
  readonly stopTimeoutType: string;
  /** The terminal's first size; only with `tty`. */
  readonly columns: string;
  readonly columnsType: string;
  readonly rows: string;
  readonly rowsType: string;
  /** With the types `default` and `off` the value does not count. */
  readonly detachKeys: string;
  readonly detachKeysType: string;
  /** KiB. */
  readonly outputMax: string;
  readonly outputMaxType: string;
  /** KiB. */
  readonly outputReplay: string;
  readonly outputReplayType: string;
  /** Empty: the service's default. */
  readonly outputPolicy: string;
}

/** What a field means that a flow leaves out, as one written by hand may. The edit dialog begins with the same. */
export const EXEC_CREATE_DEFAULTS: Omit<ExecCreateDefinition, keyof NodeDef | "container"> = {
  commandKind: "args",
  args: [],
  command: "",
  commandType: "json",
  shellLine: "",
  shellLineType: "str",
  tty: false,
  stdin: false,
  privileged: false,
  env: [],
  labels: [],
  user: "",
  userType: "str",
  workDir: "",
  workDirType: "str",
  timeout: "",
  timeoutType: "num",
  stopSignal: "",
  stopSignalType: "str",
  stopTimeout: "",
  stopTimeoutType: "num",
  columns: "",
  columnsType: "num",
  rows: "",
  rowsType: "num",
  detachKeys: "",
  detachKeysType: "default",
  outputMax: "",
  outputMaxType: "num",
  outputReplay: "",
  outputReplayType: "num",
  outputPolicy: "",
};
