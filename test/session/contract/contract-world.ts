import assert from "node:assert/strict";
import type { ExecConfigInput } from "../../../src/session/exec-config.ts";
import type { ContainerRef } from "../../../src/session/exec-session.ts";
import type { OutputChunk } from "../../../src/session/output-log.ts";
import { type ErrorCode, isSessionError } from "../../../src/session/session-error.ts";
import type { SessionService } from "../../../src/session/session-service.ts";
import { FAKE_SPEC, type FakeMachine } from "../../support/fake-runtime.ts";

/** A service under test, and the machine whose containers and processes the test moves. */
export interface ContractWorld {
  readonly service: SessionService;
  readonly machine: FakeMachine;
  dispose(): Promise<void>;
}

/** Opens a world with the running containers c1 and c2. */
export type OpenContractWorld = () => Promise<ContractWorld>;

/** A command that runs until the test ends it. */
export const RUNS: ExecConfigInput = { command: ["runs"] };
export const READS: ExecConfigInput = { command: ["runs"], attachStdin: true };
export const TERMINAL: ExecConfigInput = { command: ["runs"], tty: true, attachStdin: true };

export function target(container = "c1"): ContainerRef {
  return { runtime: FAKE_SPEC, container };
}

/** Creates and starts a session in c1. */
export async function startSession(
  { service }: ContractWorld,
  config: ExecConfigInput = RUNS,
): Promise<string> {
  const { id } = await service.create(target(), config);
  await service.start(id);
  return id;
}

/** A world for each test. */
export function eachWorld(open: OpenContractWorld): { readonly current: ContractWorld } {
  let world: ContractWorld | undefined;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(async () => {
    await world?.dispose();
    world = undefined;
  });
  return {
    get current() {
      if (world === undefined) throw new Error("no test is running");
      return world;
    },
  };
}

export async function chunksOf(output: AsyncIterable<OutputChunk>): Promise<OutputChunk[]> {
  const chunks: OutputChunk[] = [];
  for await (const chunk of output) chunks.push(chunk);
  return chunks;
}

/** All bytes of both streams, in order. */
export async function bytesOf(output: AsyncIterable<OutputChunk>): Promise<Buffer> {
  const chunks = await chunksOf(output);
  return Buffer.concat(chunks.flatMap((chunk) => (chunk.kind === "data" ? [chunk.data] : [])));
}

export async function textOf(output: AsyncIterable<OutputChunk>): Promise<string> {
  return (await bytesOf(output)).toString();
}

export async function assertCode(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(isSessionError(error) ? error.code : error, code);
    return true;
  });
}

/** The code of a settled promise's error; undefined if it was fulfilled. */
export function codeOf(result: PromiseSettledResult<unknown>): string | undefined {
  if (result.status === "fulfilled") return undefined;
  return isSessionError(result.reason) ? result.reason.code : String(result.reason);
}

/** These values, one after the other. */
export async function* streamOf<Value>(...values: readonly Value[]): AsyncGenerator<Value, void> {
  yield* values;
}
