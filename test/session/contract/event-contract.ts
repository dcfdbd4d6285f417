import assert from "node:assert/strict";
import type { SessionEvent } from "../../../src/session/session-event.ts";
import { eachWorld, type OpenContractWorld, startSession, TERMINAL, target } from "./contract-world.ts";

/** The stream of life-cycle events. */
export function describeEventContract(open: OpenContractWorld): void {
  describe("the events", () => {
    const world = eachWorld(open);

    it("tell a life once, in order and without gaps, from the call on", async () => {
      const { service, machine } = world.current;
      await service.create(target("c2"), TERMINAL);
      const reading = read(service.events(), 7);
      const id = await startSession(world.current, TERMINAL);
      await service.resize(id, { columns: 90, rows: 30 });
      await service.stop(id, { signal: "SIGINT" });
      const end = await service.wait(id);
      await service.remove(id);
      const second = await startSession(world.current);
      const events = await reading;
      const [first] = events;
      assert.deepEqual(
        events.map(({ time: _time, ...event }) => event),
        [
          { type: "created" },
          { type: "started", pid: machine.process(0).pid },
          { type: "resized", size: { columns: 90, rows: 30 } },
          { type: "stopping", signal: "SIGINT", cause: "stop" },
          { type: "exited", end },
          { type: "removed" },
          { type: "created" },
        ].map((body, index) => ({
          ...body,
          seq: (first?.seq ?? 0) + index,
          sessionId: index < 6 ? id : second,
          containerId: "c1",
        })),
      );
    });

    it("that are still kept come first for a reader that says which it has", async () => {
      const { service } = world.current;
      await startSession(world.current);
      const all = await read(service.events({ since: 0 }), 2);
      assert.deepEqual(
        all.map(({ seq, type }) => [seq, type]),
        [
          [1, "created"],
          [2, "started"],
        ],
      );
      assert.deepEqual(await read(service.events({ since: 1 }), 1), all.slice(1));
    });

    it("end without error when the reader gives up, waiting or not", async () => {
      const { service } = world.current;
      const patience = new AbortController();
      const reading = read(service.events({ signal: patience.signal }), 99);
      await service.create(target(), TERMINAL);
      patience.abort();
      assert.ok((await reading).length <= 1);
      assert.deepEqual(await read(service.events({ since: 0, signal: patience.signal }), 99), []);
    });
  });
}

async function read(events: AsyncIterable<SessionEvent>, count: number): Promise<SessionEvent[]> {
  const seen: SessionEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}
