import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SessionClient } from "../src/client/session-client.ts";
import type { ContainerRef, ExecSession } from "../src/session/exec-session.ts";
import type { SessionService } from "../src/session/session-service.ts";
import { FileSessionStore } from "../src/store/file-store.ts";
import { median } from "./median.ts";
import { shuffled } from "./shuffled.ts";
import { atMost, type Row } from "./table.ts";

const PROGRAM = fileURLToPath(new URL("./lasting-host.ts", import.meta.url));
const FEW = 10;
const MANY = 10_000;
/** Odd, so that the median is one of them. */
const ROUNDS = 201;
const WARM_UP_ROUNDS = 50;
const ID_BYTES = 32;
const MOST_OF_FEW = 1.5;
const TARGET: ContainerRef = { runtime: { kind: "local", path: "", root: "" }, container: "local" };

/** A host with so many ended sessions on disk. */
interface FilledHost {
  readonly service: SessionService;
  readonly ids: readonly string[];
  readonly openMs: number;
  stop(): Promise<void>;
}

type Verb = (host: FilledHost) => Promise<unknown>;

const VERBS: Readonly<Record<string, Verb>> = {
  "create a session": async ({ service }) => {
    const { id } = await service.create(TARGET, { command: ["true"] });
    return () => service.remove(id);
  },
  "inspect one": ({ service, ids }) => service.inspect(ids[Math.floor(ids.length / 2)] ?? ""),
  "list those that run": ({ service }) => service.list({ state: "running" }),
};

/** What verbs cost with 10 000 ended sessions on disk, against 10. `service` gives the pattern for them. */
export async function measureEndedSessions(service: SessionService): Promise<Row[]> {
  const pattern = await runOne(service);
  const few = await openFilled(pattern, FEW);
  const many = await openFilled(pattern, MANY);
  try {
    const rows: Row[] = [];
    for (const [name, verb] of Object.entries(VERBS)) rows.push(await compare(name, verb, few, many));
    const begin = performance.now();
    await many.service.list();
    const listMs = performance.now() - begin;
    return [
      ...rows,
      { what: `list all ${MANY}`, median: `${listMs.toFixed(0)} ms`, ratio: "", goal: "" },
      {
        what: `open a state directory with ${MANY}`,
        median: `${many.openMs.toFixed(0)} ms`,
        ratio: "",
        goal: "",
      },
    ];
  } finally {
    await few.stop();
    await many.stop();
  }
}

async function compare(name: string, verb: Verb, few: FilledHost, many: FilledHost): Promise<Row> {
  const times = new Map([
    [few, [] as number[]],
    [many, [] as number[]],
  ]);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [host, found] of shuffled(times)) {
      const begin = performance.now();
      const cleanUp = await verb(host);
      if (round >= 0) found.push(performance.now() - begin);
      if (typeof cleanUp === "function") await cleanUp();
    }
  }
  const manyMs = median(times.get(many) ?? []);
  const ratio = manyMs / median(times.get(few) ?? []);
  return {
    what: name,
    median: `${manyMs.toFixed(2)} ms`,
    ratio: `${ratio.toFixed(2)} of that with ${FEW}`,
    goal: atMost(MOST_OF_FEW, ratio),
  };
}

/** The record of a session that has ended. */
async function runOne(service: SessionService): Promise<ExecSession> {
  const created = await service.create(TARGET, { command: ["true"] });
  await service.start(created.id);
  const end = await service.wait(created.id);
  await service.remove(created.id);
  return { ...created, state: "stopped", startedAt: end.startedAt, end };
}

async function openFilled(pattern: ExecSession, count: number): Promise<FilledHost> {
  const folder = await mkdtemp(join(tmpdir(), "ended-bench-"));
  const ids = await fill(join(folder, "state"), pattern, count);
  const socketPath = join(folder, "socket");
  const begin = performance.now();
  const child = fork(PROGRAM, [join(folder, "state"), socketPath], { stdio: "inherit" });
  await once(child, "message");
  const openMs = performance.now() - begin;
  const service = new SessionClient({ socketPath });
  return {
    service,
    ids,
    openMs,
    stop: async () => {
      await service.close();
      child.disconnect();
      await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

/** Writes the records of ended sessions. */
async function fill(stateDir: string, pattern: ExecSession, count: number): Promise<readonly string[]> {
  const store = new FileSessionStore(stateDir);
  await store.open();
  const ids = Array.from({ length: count }, () => randomBytes(ID_BYTES).toString("hex"));
  for (const id of ids) await store.create({ ...pattern, id });
  await store.close();
  return ids;
}
