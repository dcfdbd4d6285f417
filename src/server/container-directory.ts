import type { RuntimeSpec } from "../session/exec-session.ts";
import type { Container } from "../session/runtime.ts";

/** A container, and the runtime that has it. */
export interface FoundContainer {
  readonly runtime: RuntimeSpec;
  readonly container: Container;
}

/** Where the containers are: the runtimes that the session host knows. Given by whoever puts the host together. */
export interface ContainerDirectory {
  /**
   * Every container of this id or name, in all known runtimes or in the one that is named. Empty: there is none. A known
   * runtime that cannot be asked has none; a named one then throws EXEC_RUNTIME_*.
   */
  find(idOrName: string, runtime?: RuntimeSpec): Promise<readonly FoundContainer[]>;
  /** All containers, in any state, of all known runtimes that can list theirs. */
  list(): Promise<readonly FoundContainer[]>;
  /** The known runtimes. */
  runtimes(): readonly RuntimeSpec[];
  /** Makes a runtime known. Known already: nothing to do. */
  add(runtime: RuntimeSpec): Promise<void>;
}
