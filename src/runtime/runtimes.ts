import { PipeSource } from "../process/pipe-source.ts";
import { loadTerminalLibrary, type TerminalLibraryLoader } from "../process/terminal-library.ts";
import type { RuntimeSpec } from "../session/exec-session.ts";
import type { Runtime, RuntimeProvider } from "../session/runtime.ts";
import { LocalRuntime } from "./local-runtime.ts";
import { OciRuntime } from "./oci-runtime.ts";
import { findRuntimeProgram } from "./runtime-program.ts";

export interface RuntimesOptions {
  /** Absent: node-pty, if it can be loaded. */
  readonly loadTerminals?: TerminalLibraryLoader;
}

/** All runtimes of one process, made when they are first asked for. */
export class Runtimes {
  /** The port of the domain. */
  readonly provider: RuntimeProvider = (spec) => this.#get(spec);
  readonly #loadTerminals: TerminalLibraryLoader;
  readonly #pipes = new PipeSource();
  readonly #bySpec = new Map<string, Promise<Runtime>>();
  #terminals: ReturnType<TerminalLibraryLoader> | undefined;

  constructor({ loadTerminals = loadTerminalLibrary }: RuntimesOptions = {}) {
    this.#loadTerminals = loadTerminals;
  }

  /** Gives up what is held for the next start. Commands that run are not touched. */
  async close(): Promise<void> {
    await this.#pipes.close();
  }

  #get(spec: RuntimeSpec): Promise<Runtime> {
    const key = JSON.stringify([spec.kind, spec.path, spec.root]);
    const known = this.#bySpec.get(key);
    if (known !== undefined) return known;
    const runtime = this.#create(spec);
    this.#bySpec.set(key, runtime);
    // What is missing now may be installed later.
    runtime.catch(() => this.#bySpec.delete(key));
    return runtime;
  }

  async #create(spec: RuntimeSpec): Promise<Runtime> {
    const program = spec.kind === "local" ? null : await findRuntimeProgram(spec);
    this.#terminals ??= this.#loadTerminals();
    const parts = { spec, pipes: this.#pipes, terminals: await this.#terminals };
    this.#pipes.prepare();
    return program === null ? new LocalRuntime(parts) : new OciRuntime({ ...parts, program });
  }
}
