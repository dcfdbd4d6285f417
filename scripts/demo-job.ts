import assert from "node:assert/strict";
import type { FlowWatch } from "./flow-watch.ts";
import type { FlowNode, NodeRedProcess } from "./node-red-process.ts";

/** The job takes five seconds; the rest is for a machine under load. */
const JOB_MS = 60_000;
const STEPS = 5;

export interface DemoJob {
  readonly nodeRed: NodeRedProcess;
  readonly flow: readonly FlowNode[];
  readonly watch: FlowWatch;
  readonly signal: AbortSignal;
  /** Takes each sentence on what the job did. */
  readonly say: (sentence: string) => void;
}

/** Runs the example's main job: create, start, output as it comes, exit code, remove. Throws if anything of it is missing. */
export async function runMainJob(job: DemoJob): Promise<void> {
  const { watch } = job;
  await press(job, "run the job");
  await until(job, "a session was created", () => watch.statuses("exec-create").length > 0);
  const sessionId = await readSessionId(job);
  job.say(`session id: ${sessionId}`);
  await until(job, "the session was removed", () => watch.shown("removed session").length > 0);
  assert.deepEqual(watch.shown("standard output"), [
    "the job begins",
    ...Array.from({ length: STEPS }, (_, index) => `step ${index + 1} of ${STEPS}`),
    "the job ends",
    "",
  ]);
  assert.equal(watch.shown("standard error")[0], "a word on standard error");
  const [rc] = watch.shown("exit code");
  assert.ok(isReturnCode(rc), "the end message has a return code");
  assert.deepEqual({ code: rc.code, reason: rc.reason }, { code: 0, reason: "exited" });
  assert.deepEqual(watch.shown("removed session"), [sessionId]);
  assert.ok(watch.statuses("exec-start").includes("1 running"), "the node said that the session runs");
  job.say(`exit code: ${rc.code}`);
}

/** Runs the job in a terminal, resizes that, and stops it. Throws if anything of it is missing. */
export async function runTerminalJob(job: DemoJob): Promise<void> {
  const { watch } = job;
  const linesBefore = watch.shown("standard output").length;
  const removedBefore = watch.shown("removed session").length;
  await press(job, "run it in a terminal");
  await until(
    job,
    "the job in the terminal began",
    () => watch.shown("standard output").length > linesBefore,
  );
  await press(job, "resize to 120 × 40");
  const isResized = (line: unknown): boolean => String(line).includes("the terminal has 40 120");
  await until(job, "the command saw the new size", () => watch.shown("standard output").some(isResized));
  await press(job, "stop the job");
  await until(
    job,
    "the session was stopped and removed",
    () => watch.shown("removed session").length > removedBefore,
  );
  const rc = watch.shown("exit code").at(-1);
  assert.ok(isReturnCode(rc), "the end message has a return code");
  assert.equal(rc.reason, "stopped");
}

/** An error that the flow shows ends the wait at once. */
async function until({ watch, signal }: DemoJob, fact: string, condition: () => boolean): Promise<void> {
  const hasFailed = () => watch.shown("error").length > 0;
  await watch.until(fact, () => condition() || hasFailed(), { timeoutMs: JOB_MS, signal });
  assert.deepEqual(watch.shown("error"), []);
}

async function press({ nodeRed, flow, say }: DemoJob, name: string): Promise<void> {
  const node = flow.find((candidate) => candidate.type === "inject" && candidate.name === name);
  assert.ok(node, `the example has an inject node "${name}"`);
  say(`(click on "${name}")`);
  await nodeRed.inject(node.id);
}

/** The example keeps the whole id in the flow's context; the status below the node has only its beginning. */
async function readSessionId({ nodeRed, flow, watch }: DemoJob): Promise<string> {
  const tab = flow.find(({ type }) => type === "tab");
  const { msg } = (await nodeRed.get(`/context/flow/${tab?.id}/sessionId`)) as { msg?: unknown };
  const sessionId = String(msg);
  assert.match(sessionId, /^[0-9a-f]{64}$/);
  assert.equal(watch.statuses("exec-create")[0], sessionId.slice(0, 12));
  return sessionId;
}

function isReturnCode(value: unknown): value is { readonly code: number | null; readonly reason: string } {
  return typeof value === "object" && value !== null && "code" in value && "reason" in value;
}
