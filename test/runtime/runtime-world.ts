import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { Runtimes } from "../../src/runtime/runtimes.ts";
import { type ExecConfigInput, parseExecConfig } from "../../src/session/exec-config.ts";
import type { ResolvedProcess, RuntimeSpec } from "../../src/session/exec-session.ts";
import type { ExecExit, ExecProcess, Runtime } from "../../src/session/runtime.ts";

/** What a command did from its start to its end. */
export interface CommandResult extends ExecExit {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A runtime with one container, and the commands that a suite runs in it. */
export class RuntimeWorld {
  readonly runtime: Runtime;
  readonly containerId: string;
  readonly #runtimes: Runtimes;
  readonly #bundles: string;
  readonly #processes: ExecProcess[] = [];
  #starts = 0;

  private constructor(runtimes: Runtimes, runtime: Runtime, containerId: string, bundles: string) {
    this.#runtimes = runtimes;
    this.runtime = runtime;
    this.containerId = containerId;
    this.#bundles = bundles;
  }

  static async open(
    spec: RuntimeSpec,
    containerId: string,
    runtimes = new Runtimes(),
  ): Promise<RuntimeWorld> {
    const bundles = await mkdtemp(join(tmpdir(), "bundles-"));
    return new RuntimeWorld(runtimes, await runtimes.provider(spec), containerId, bundles);
  }

  /** Ends what the suite has left running. */
  async close(): Promise<void> {
    for (const process of this.#processes) {
      await process.killAll();
      process.release();
    }
    await this.#runtimes.close();
    await rm(this.#bundles, { recursive: true, force: true });
  }

  /** The folder of the newest command's files. */
  get bundle(): string {
    return join(this.#bundles, String(this.#starts));
  }

  async resolve(input: ExecConfigInput): Promise<ResolvedProcess> {
    return this.runtime.resolveProcess(
      await this.runtime.findContainer(this.containerId),
      parseExecConfig(input),
    );
  }

  async start(input: ExecConfigInput): Promise<ExecProcess> {
    const container = await this.runtime.findContainer(this.containerId);
    this.#starts += 1;
    const { bundle } = this;
    await mkdir(bundle);
    const process = await this.runtime.start({ container, config: parseExecConfig(input), bundle });
    this.#processes.push(process);
    return process;
  }

  /** Runs a command to its end and to the end of its output. */
  async run(input: ExecConfigInput, stdin?: Uint8Array): Promise<CommandResult> {
    const process = await this.start({ attachStdin: stdin !== undefined, ...input });
    const stdout = collect(process.stdout);
    const stderr = collect(process.stderr);
    if (stdin !== undefined) {
      assert(process.stdin !== null);
      process.stdin.end(stdin);
    }
    const exit = await process.exited;
    const result = { ...exit, stdout: await stdout, stderr: await stderr };
    process.release();
    return result;
  }

  /** Runs a line of shell. */
  shell(script: string, input: Partial<ExecConfigInput> = {}, stdin?: Uint8Array): Promise<CommandResult> {
    return this.run({ ...input, command: ["sh", "-c", script] }, stdin);
  }
}

/** All bytes of a stream to its end. Null: none. */
export async function collect(stream: ExecProcess["stdout"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  if (stream === null) return Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await finished(stream, { writable: false });
  return Buffer.concat(chunks);
}
