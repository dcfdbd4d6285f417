import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { ReturnCode } from "../../src/node-red/return-code.ts";
import type { ExecSession } from "../../src/session/exec-session.ts";
import type { Recorded } from "../support/recording.ts";
import { type Job, outputOf } from "./job.ts";
import { assembleChunks, assembleLines, type ToldOutput } from "./told-output.ts";

/** What happened to the processes while a job ran. */
export interface Circumstances {
  /** Lives of Node-RED that ended since the job was begun, whichever way. */
  readonly nodeRedEnds: number;
  /** Those of them that ended without a last word. */
  readonly nodeRedCrashes: number;
  /** SIGKILL to the session host. */
  readonly hostKills: number;
  /** SIGTERM to the session host, which then stops its sessions. */
  readonly hostStops: number;
  readonly deploys: number;
  /** SIGKILL to the session's own runtime process. */
  readonly runtimeKills: number;
  readonly orphans: "keep" | "stop";
}

/** All that is known of a job. */
export interface Evidence {
  readonly job: Job;
  readonly messages: readonly Recorded[];
  /** Its session's record on disk. Undefined: there is none. */
  readonly session: Pick<ExecSession, "id" | "state" | "end"> | undefined;
  readonly circumstances: Circumstances;
  readonly pool: Buffer;
}

/** What has been told of a job, if it is true. */
export interface Verdict {
  /** Why its session ended, or that it was never started. */
  readonly outcome: string;
  readonly bytes: number;
  readonly repeatedBytes: number;
  readonly ends: number;
}

/** Whether there is anything left to wait for. */
export function isSettled({ messages, session, circumstances }: Evidence): boolean {
  if (session?.state === "running") return false;
  if (messages.some(({ what }) => what !== "chunk")) return true;
  // A message that was on its way through the flow dies with Node-RED.
  return session?.end === null || session === undefined ? circumstances.nodeRedEnds > 0 : false;
}

/** Throws unless all that the flow was told is true, and nothing is missing that had to be told. */
export function judge(evidence: Evidence): Verdict {
  const { messages, session } = evidence;
  const told =
    evidence.job.lane.unit === "chunk"
      ? assembleChunks(chunksOf(messages))
      : assembleLines(chunksOf(messages));
  const bytes = told.stdout.length + told.stderr.length;
  const ends = messages.flatMap(({ rc }, index) => (messages[index]?.what === "end" && rc ? [rc] : []));
  const verdict = { bytes, repeatedBytes: told.repeatedBytes, ends: ends.length };
  if (session === undefined || session.end === null) {
    const codes = assertUnborn(evidence, bytes, ends);
    return { ...verdict, outcome: ["never started", ...codes].join(" ") };
  }
  assertToldOnce(evidence, told, ends);
  for (const rc of ends) assertTrue(evidence, told, rc);
  return { ...verdict, outcome: session.end.reason };
}

function chunksOf(messages: readonly Recorded[]): readonly Recorded[] {
  return messages.filter(({ what }) => what === "chunk");
}

/** What a flow may be told of a session that was being created or started when something was killed. */
const TROUBLES: readonly unknown[] = ["EXEC_HOST_UNREACHABLE", "EXEC_CLOSED", "EXEC_START_FAILED"];

/** Gives the codes of the errors that were told. */
function assertUnborn(
  { messages, session, circumstances }: Evidence,
  bytes: number,
  ends: readonly ReturnCode[],
): readonly string[] {
  assert.ok(session === undefined || session.state === "created", `it is still ${session?.state}`);
  assert.deepEqual([bytes, ends.length], [0, 0], "output or an end was told of a session that never ran");
  const codes = messages.flatMap(({ error }) => error?.code ?? []);
  const { nodeRedEnds, hostKills, hostStops, deploys } = circumstances;
  const isExcused =
    nodeRedEnds + hostKills + hostStops + deploys > 0 && codes.every((code) => TROUBLES.includes(code));
  assert.ok(isExcused, `it was not started: ${JSON.stringify(messages)}`);
  return codes;
}

/** Each byte and the end exactly once; again only after a crash of Node-RED. */
function assertToldOnce(
  { messages, session, circumstances }: Evidence,
  told: ToldOutput,
  ends: readonly ReturnCode[],
): void {
  const { nodeRedCrashes } = circumstances;
  const end = session?.end;
  assert.ok(ends.length > 0, `it ended (${end?.reason}), and no end was told`);
  assert.ok(ends.length <= 1 + nodeRedCrashes, `its end was told ${ends.length} times`);
  assert.ok(
    ends.every((rc) => isDeepStrictEqual(rc, ends[0])),
    "its end was told in two ways",
  );
  const errors = messages.filter(({ what }) => what === "error").map(({ error }) => error?.text);
  if (end?.reason !== "startFailed") assert.deepEqual(errors, [], "an error was told of a session that ran");
  if (nodeRedCrashes > 0) return;
  assert.equal(told.repeatedBytes, 0, "bytes were told twice");
  for (const name of ["stdout", "stderr"]) {
    const chunks = messages.filter(({ stream }) => stream === name);
    const numbers = chunks.map(({ index }) => index);
    assert.deepEqual(numbers, [...chunks.keys()], `messages of ${name} are missing, or came twice`);
    assert.ok(
      chunks.every(({ count }) => count === undefined || count === chunks.length),
      "the count is wrong",
    );
  }
}

function assertTrue(evidence: Evidence, told: ToldOutput, rc: ReturnCode): void {
  const { session, circumstances } = evidence;
  const { end } = session ?? {};
  assert.deepEqual(
    [rc.code, rc.signal ?? null, rc.reason],
    [end?.exitCode, end?.signal, end?.reason],
    "msg.rc",
  );
  assertReason(evidence, rc);
  assertOutput(evidence, told, rc);
  if (circumstances.hostKills > 0) return;
  assert.deepEqual(
    [rc.stdoutBytes, rc.stderrBytes],
    [told.stdout.length, told.stderr.length],
    "counted bytes",
  );
  assert.equal(rc.truncated, 0, "bytes were dropped");
}

const SIGNAL_CODES = [137, 143];

/** That the reason can be, after what happened, and that the exit code is one that the command had. */
function assertReason({ job, circumstances }: Evidence, rc: ReturnCode): void {
  const { hostKills, hostStops, runtimeKills, orphans } = circumstances;
  const known = JSON.stringify({ rc, circumstances, exitCode: job.exitCode, onTerm: job.exitCodeOnTerm });
  switch (rc.reason) {
    case "exited":
      assert.deepEqual([rc.code, rc.signal], [job.exitCode, undefined], known);
      break;
    case "lost":
      assert.ok(rc.code === null && rc.signal === undefined && hostKills + runtimeKills > 0, known);
      break;
    case "stopped":
      assert.ok(hostStops > 0 || (hostKills > 0 && orphans === "stop"), known);
      if (rc.code === null) assert.ok(hostKills + runtimeKills > 0, known);
      else assert.ok([job.exitCode, job.exitCodeOnTerm, ...SIGNAL_CODES].includes(rc.code), known);
      break;
    case "startFailed":
      assert.ok(rc.startError === "runtime" && runtimeKills > 0, known);
      break;
    default:
      assert.fail(known);
  }
}

/** All output of a command that was left alone, else a beginning of it. */
function assertOutput(
  { job, circumstances, pool }: Evidence,
  told: ToldOutput,
  { reason }: ReturnCode,
): void {
  const { hostKills, hostStops } = circumstances;
  // A command in a container of crun holds its pipes itself; runc takes them along.
  const outlivesRuntime = reason === "lost" && hostKills + hostStops === 0 && job.lane.runtime === "crun";
  for (const stream of ["stdout", "stderr"] as const) {
    const expected = outputOf(job, stream, pool);
    const actual = told[stream];
    const isTrue = expected.subarray(0, actual.length).equals(actual);
    assert.ok(isTrue, `what was told of ${stream} is not what the command printed`);
    if (reason === "exited" || outlivesRuntime) {
      assert.equal(actual.length, expected.length, `the last bytes of ${stream} are missing`);
    }
  }
}
