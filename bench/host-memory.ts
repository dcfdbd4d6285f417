import type { ContainerRef } from "../src/session/exec-session.ts";
import type { Attachment, SessionService } from "../src/session/session-service.ts";
import { median } from "./median.ts";
import { residentMebibytes, startPackagedHost } from "./packaged-host.ts";
import { atMost, type Row } from "./table.ts";

/** Odd, so that the median is one of them. */
const STARTS = 5;
const SESSIONS = 500;
/** So many are started at once; a machine that starts all of them at once measures its scheduler. */
const AT_ONCE = 20;
/** Says a word, and then waits for its input to end. */
const COMMAND = ["sh", "-c", "echo here; read end"];
/** A command in a container costs its host no more; on this machine itself no container has to be found. */
const TARGET: ContainerRef = { runtime: { kind: "local", path: "", root: "" }, container: "local" };

const MOST_IDLE_MIB = 70;
const MOST_MIB_OF_A_SESSION = 0.5;

/** How long a host takes to start, and what it has in memory, idle and with many sessions. */
export async function measureHost(): Promise<Row[]> {
  const ready: number[] = [];
  const idle: number[] = [];
  const each: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const host = await startPackagedHost();
    try {
      await host.service.list();
      ready.push(host.readyMs);
      idle.push(await residentMebibytes(host.pid));
      if (start % 2 === 0) each.push(await measureSessions(host.service, host.pid));
    } finally {
      await host.stop();
    }
  }
  const idleMib = median(idle);
  const sessionMib = median(each);
  return [
    { what: "from its start until it serves", median: `${median(ready).toFixed(0)} ms`, ratio: "", goal: "" },
    {
      what: "memory when idle",
      median: `${idleMib.toFixed(1)} MiB`,
      ratio: "",
      goal: atMost(MOST_IDLE_MIB, idleMib),
    },
    {
      what: `memory for each of ${SESSIONS} sessions that run and are attached to`,
      median: `${sessionMib.toFixed(2)} MiB`,
      ratio: "",
      goal: atMost(MOST_MIB_OF_A_SESSION, sessionMib),
    },
  ];
}

async function measureSessions(service: SessionService, pid: number): Promise<number> {
  // What the first of them brings into memory is not theirs.
  await end(service, await Promise.all(Array.from({ length: AT_ONCE }, () => begin(service))));
  const before = await residentMebibytes(pid);
  const attachments: Attachment[] = [];
  while (attachments.length < SESSIONS) {
    attachments.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => begin(service)))));
  }
  const after = await residentMebibytes(pid);
  await end(service, attachments);
  return (after - before) / SESSIONS;
}

/** A session that runs, and whose first output has been read. */
async function begin(service: SessionService): Promise<Attachment> {
  const { id } = await service.create(TARGET, { command: COMMAND, attachStdin: true });
  const attachment = await service.startAndAttach(id, { consumer: "bench" });
  const first = await attachment[Symbol.asyncIterator]().next();
  if (first.done) throw new Error("the command has said nothing");
  return attachment;
}

async function end(service: SessionService, attachments: readonly Attachment[]): Promise<void> {
  for (const attachment of attachments) attachment.close({ forget: true });
  await Promise.all(
    attachments.map(async ({ sessionId }) => {
      await service.endInput(sessionId);
      await service.wait(sessionId);
      await service.remove(sessionId);
    }),
  );
}
