import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHostOptions } from "../../src/api/host-options.ts";
import { launchSessionHost } from "../../src/client/launch-session-host.ts";
import { HostWorld } from "../support/host-world.ts";
import { waitUntil } from "../support/wait-until.ts";

describe("launching a session host", () => {
  let world: HostWorld;

  beforeEach(() => {
    world = new HostWorld();
  });

  afterEach(() => world.dispose());

  function launch(fixture: string, options: { readonly readyTimeoutMs?: number } = {}) {
    const program = fileURLToPath(new URL(`./fixtures/${fixture}.ts`, import.meta.url));
    return launchSessionHost(parseHostOptions({ stateDir: world.stateDir }), { program, ...options });
  }

  it("gives the host's own words once it is ready", async () => {
    const ready = await launchSessionHost(parseHostOptions({ stateDir: world.stateDir, idleSeconds: 1 }));
    assert.deepEqual(world.hosts(), [ready.pid]);
    assert.equal(ready.socket, join(world.stateDir, "host.sock"));
  });

  it("starts it in a session, a folder and with options of its own", async () => {
    process.env.NODE_OPTIONS = "--require ./not-for-the-host.cjs";
    try {
      const { pid } = await launch("telling-host");
      const facts = JSON.parse(readFileSync(join(world.stateDir, "facts.json"), "utf8"));
      assert.deepEqual(facts, {
        options: parseHostOptions({ stateDir: world.stateDir }),
        cwd: "/",
        nodeOptions: null,
        scope: null,
        session: pid,
        pid,
      });
    } finally {
      delete process.env.NODE_OPTIONS;
    }
  });

  it("gives up on a host that does not become ready, and ends it", async () => {
    await assert.rejects(launch("silent-host", { readyTimeoutMs: 200 }), {
      code: "EXEC_HOST_UNREACHABLE",
      message: /could not be started: it was not ready after 0\.2 s\./,
    });
    await waitUntil("it has ended", () => world.processes().length === 0);
  });

  it("passes on the last words of a host that crashed, and only those", async () => {
    writeFileSync(join(world.stateDir, "host.log"), "old words\n");
    await assert.rejects(launch("crashing-host"), (error: Error) => {
      assert.match(
        error.message,
        /it ended with exit code 1\. Its last words: .*a crash before it was ready/s,
      );
      assert.doesNotMatch(error.message, /old words/);
      return true;
    });
    assert.match(world.log(), /^old words\n.*a crash before it was ready/s);
  });

  it("takes nothing else for a host", async () => {
    await assert.rejects(launch("babbling-host"), { message: /it said "Hello\.\\n"/ });
    await waitUntil("it has ended", () => world.processes().length === 0);
  });

  it("passes on the host's own error, with its code", async () => {
    const owner = await world.start();
    await assert.rejects(launchSessionHost(parseHostOptions({ stateDir: world.stateDir })), {
      code: "EXEC_STATE_DIR_IN_USE",
      details: { directory: world.stateDir, pid: owner.pid },
    });
  });
});
