import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostOptionsInput } from "../../src/api/host-options.ts";
import type { AttachmentEnd, SessionService } from "../../src/session/session-service.ts";
import { HostWorld, LOCAL, type StartedHost } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";

const SAYS_TEN = ["sh", "-c", "printf 0123456789; exit 3"];
const SAYS_TEN_AND_RUNS = ["sh", "-c", "printf 0123456789; exec sleep 1000"];
/** So many bytes of output that most of it is gone when a consumer has passed it. */
const FLOOD = ["sh", "-c", "seq 1 99999999; exec sleep 1000"];
const FLOOD_LIMITS = { maxBytes: 1024 * 1024, replayBytes: 0, policy: "block" } as const;

describe("a consumer that was away while its session's host went", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  async function begin(
    command: string[],
    options: Omit<HostOptionsInput, "stateDir"> = {},
  ): Promise<{ readonly host: StartedHost; readonly id: string }> {
    const host = await world.start(options);
    const service = world.clientOf(host.ready.socket);
    const { id } = await service.create(LOCAL, { command });
    const attachment = await service.startAndAttach(id, { consumer: "flow" });
    for await (const chunk of attachment) {
      assert.equal(chunk.offset, 0);
      attachment.advance(4);
      break;
    }
    if (command === SAYS_TEN) await service.wait(id);
    await service.close();
    return { host, id };
  }

  async function readOn(id: string): Promise<{ readonly text: string; readonly end: AttachmentEnd }> {
    const { ready } = await world.start();
    const attachment = await world.clientOf(ready.socket).attach(id, { consumer: "flow" });
    let text = "";
    for await (const chunk of attachment) {
      assert.ok(chunk.kind === "data");
      text += chunk.data;
    }
    attachment.close();
    return { text, end: await attachment.ended };
  }

  it("goes on where it had come to, if the host left because nothing was to do", async () => {
    const { host, id } = await begin(SAYS_TEN, { idleSeconds: 1 });
    assert.equal(await host.ended, 0);
    const { text, end } = await readOn(id);
    assert.equal(text, "456789");
    assert.ok(end.kind === "ended");
    assert.deepEqual([end.end.exitCode, end.end.reason], [3, "exited"]);
  });

  for (const onStop of ["stop", "keep"] as const) {
    it(`goes on where it had come to, if the host was told to ${onStop} its sessions and leave`, async () => {
      const { host, id } = await begin(SAYS_TEN_AND_RUNS, { onStop });
      host.child.kill("SIGTERM");
      assert.equal(await host.ended, 0);
      if (onStop === "keep") for (const pid of world.processes()) process.kill(pid, "SIGKILL");
      const { text, end } = await readOn(id);
      assert.equal(text, "456789");
      assert.equal(end.kind === "ended" && end.end.reason, onStop === "stop" ? "stopped" : "lost");
    });
  }

  it("goes on where it had come to, if the host was killed some seconds later", async () => {
    const { host, id } = await begin(SAYS_TEN_AND_RUNS);
    await waitUntil("the host has written it down", () => readPositions(world, id) === '{"flow":4}');
    host.child.kill("SIGKILL");
    await host.ended;
    for (const pid of world.processes()) process.kill(pid, "SIGKILL");
    const { text, end } = await readOn(id);
    assert.equal(text, "456789");
    assert.equal(end.kind === "ended" && end.end.reason, "lost");
  });

  it("begins anew once it has been forgotten", async () => {
    const { host, id } = await begin(SAYS_TEN, { idleSeconds: 1 });
    await host.ended;
    const next = await world.start({ idleSeconds: 1 });
    const service = world.clientOf(next.ready.socket);
    (await service.attach(id, { consumer: "flow" })).close({ forget: true });
    await service.close();
    await next.ended;
    assert.equal((await readOn(id)).text, "0123456789");
  });

  it("misses nothing if the host was killed while it read on and on: it may get again what it has had", async () => {
    const host = await world.start();
    const service = world.clientOf(host.ready.socket);
    const { id } = await service.create(LOCAL, { command: FLOOD, output: FLOOD_LIMITS });
    const acknowledged = await readUntilKilled(service, id, () => {
      const hasWrittenItDown = readPositions(world, id) !== undefined;
      if (hasWrittenItDown) host.child.kill("SIGKILL");
    });
    await host.ended;
    const next = await world.start({ orphans: "stop" });
    const attachment = await world.clientOf(next.ready.socket).attach(id, { consumer: "flow" });
    const kinds = new Set<string>();
    let first: number | undefined;
    for await (const chunk of attachment) {
      first ??= chunk.offset;
      kinds.add(chunk.kind);
    }
    attachment.close();
    const isBehind = first !== undefined && first > 0 && first <= acknowledged;
    assert.ok(first === undefined || isBehind, `it begins at ${first}, and had come to ${acknowledged}`);
    assert.equal(kinds.has("gap"), false);
  });
});

/** Gives the offset up to which the consumer has acknowledged. */
async function readUntilKilled(service: SessionService, id: string, afterEach: () => void): Promise<number> {
  const attachment = await service.startAndAttach(id, { consumer: "flow" });
  let acknowledged = 0;
  const reading = async () => {
    for await (const chunk of attachment) {
      assert.ok(chunk.kind === "data");
      acknowledged = chunk.offset + chunk.data.length;
      attachment.advance(acknowledged);
      afterEach();
    }
  };
  await assert.rejects(reading(), { code: "EXEC_HOST_UNREACHABLE" });
  return acknowledged;
}

/** What the host has written down of the session's consumers; undefined if nothing. */
function readPositions({ stateDir }: HostWorld, id: string): string | undefined {
  try {
    return readFileSync(join(stateDir, "sessions", id, "output", "consumers.json"), "utf8");
  } catch {
    return undefined;
  }
}
