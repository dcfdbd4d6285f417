import type { RuntimeSpec } from "../session/exec-session.ts";
import type { Container, Runtime, RuntimeProvider } from "../session/runtime.ts";
import { errorText, isSessionError } from "../session/session-error.ts";
import type { ContainerDirectory, FoundContainer } from "./container-directory.ts";

export interface KnownRuntimesOptions {
  readonly provider: RuntimeProvider;
  /** The runtimes that are known from the start. */
  readonly specs: readonly RuntimeSpec[];
  /** Lists a runtime's containers; empty where the runtime cannot. */
  readonly listContainers: (runtime: Runtime) => Promise<readonly Container[]>;
  /** Told, in one sentence, which known runtime could not be asked, and why. */
  readonly report: (sentence: string) => void;
}

/** The containers of all runtimes that somebody has made known. */
export class KnownRuntimes implements ContainerDirectory {
  readonly #options: KnownRuntimesOptions;
  readonly #specs = new Map<string, RuntimeSpec>();

  constructor(options: KnownRuntimesOptions) {
    this.#options = options;
    for (const spec of options.specs) this.#specs.set(keyOf(spec), spec);
  }

  async find(idOrName: string, runtime?: RuntimeSpec): Promise<readonly FoundContainer[]> {
    if (runtime !== undefined) return this.#findIn(runtime, idOrName);
    return this.#inAll((spec) => this.#findIn(spec, idOrName));
  }

  async list(): Promise<readonly FoundContainer[]> {
    return this.#inAll(async (spec) => {
      const runtime = await this.#options.provider(spec);
      const containers = await this.#options.listContainers(runtime);
      return containers.map((container) => ({ runtime: spec, container }));
    });
  }

  runtimes(): readonly RuntimeSpec[] {
    return [...this.#specs.values()];
  }

  async add(runtime: RuntimeSpec): Promise<void> {
    await this.#options.provider(runtime);
    this.#specs.set(keyOf(runtime), runtime);
  }

  async #findIn(spec: RuntimeSpec, idOrName: string): Promise<readonly FoundContainer[]> {
    const runtime = await this.#options.provider(spec);
    try {
      return [{ runtime: spec, container: await runtime.findContainer(idOrName) }];
    } catch (error) {
      if (isSessionError(error) && error.code === "EXEC_CONTAINER_NOT_FOUND") return [];
      throw error;
    }
  }

  /** One runtime that is broken, or not installed, does not hide the containers of the others. */
  async #inAll(
    ask: (spec: RuntimeSpec) => Promise<readonly FoundContainer[]>,
  ): Promise<readonly FoundContainer[]> {
    const specs = this.runtimes();
    const answers = await Promise.allSettled(specs.map(ask));
    return answers.flatMap((answer, index) => {
      if (answer.status === "fulfilled") return answer.value;
      this.#options.report(
        `The runtime ${specs[index]?.kind} could not be asked: ${errorText(answer.reason)}`,
      );
      return [];
    });
  }
}

function keyOf({ kind, path, root }: RuntimeSpec): string {
  return JSON.stringify([kind, path, root]);
}
