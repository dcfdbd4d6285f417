import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { HostWorld, LOCAL } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";

const PAPER = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
const [, TOUR = ""] = /```sh\n(.*?)```/s.exec(PAPER) ?? [];
const [, SOCKET = ""] = /^SOCKET=~\/(.*)$/m.exec(TOUR) ?? [];

describeNeeding(["curl"], "the tour with curl in docs/api.md", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld(dirname(SOCKET));
  });

  afterEach(() => world.dispose());

  it("works as it is written, and removes what it made and no other session", async () => {
    await world.start();
    const sessions = world.clientOf(join(world.folder, SOCKET));
    const { id } = await sessions.create(LOCAL, { command: ["true"] });
    const { stdout } = await execa("sh", ["-eu", "-c", TOUR], { env: { HOME: world.folder } });
    const end = '"exitCode":3,"signal":null,"reason":"exited"';
    assert.match(stdout, new RegExp(`^\\{${end}.*\\}there\n\\[\\{"id":.*\\}\\]one two$`));
    assert.deepEqual(
      (await sessions.list()).map((session) => session.id),
      [id],
    );
  });
});
