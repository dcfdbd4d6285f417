import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { HostWorld, startSession } from "../support/host-world.ts";
import { RawClient } from "../support/raw-client.ts";
import { waitUntil } from "../support/wait-until.ts";

/** As a host has it in a small system; usually it is thousands. */
const FILE_LIMIT = 256;
const WITH_FEW_FILES = ["sh", "-c", `ulimit -n ${FILE_LIMIT}; exec "$@"`, "sh"];
const FLOOD = 1000;

describe("a session host that is flooded with connections", () => {
  it("keeps files for its sessions, goes on with them, and says that it is busy", async function () {
    this.timeout(60_000);
    const world = new HostWorld();
    const flood: RawClient[] = [];
    try {
      const { pid, ready } = await world.start({}, { wrapper: WITH_FEW_FILES });
      const service = world.clientOf(ready.socket);
      const id = await startSession(service, ["sh", "-c", "read line; echo after; exit 7"], {
        attachStdin: true,
      });
      const attachment = await service.attach(id);
      const end = service.wait(id);
      await service.list();
      while (flood.length < FLOOD) flood.push(await RawClient.open(ready.socket));
      const isSentAway = ({ isClosed, socket }: RawClient) => isClosed || socket.readableEnded;
      await waitUntil("the others are sent away", () => flood.filter(isSentAway).length > FLOOD / 2);
      assert.ok(readdirSync(`/proc/${pid}/fd`).length < FILE_LIMIT - 32);
      await assert.rejects(world.clientOf(ready.socket).list(), { code: /^EXEC_HOST_(BUSY|UNREACHABLE)$/ });
      await attachment.write(Buffer.from("go on\n"));
      let text = "";
      for await (const chunk of attachment) text += chunk.kind === "data" ? chunk.data.toString() : "";
      assert.equal(text, "after\n");
      assert.equal((await end).exitCode, 7);
      for (const client of flood) client.close();
      const next = world.clientOf(ready.socket);
      await waitUntil("there is room again", () =>
        next.list().then(
          () => true,
          () => false,
        ),
      );
      assert.equal((await next.wait(await startSession(next, ["sh", "-c", "exit 3"]))).exitCode, 3);
    } finally {
      for (const client of flood) client.close();
      await world.dispose();
    }
  });
});
