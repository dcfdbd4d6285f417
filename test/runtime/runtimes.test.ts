import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Runtimes } from "../../src/runtime/runtimes.ts";
import type { RuntimeSpec } from "../../src/session/exec-session.ts";
import { isSessionError } from "./contract/starting.ts";
import { RuntimeWorld } from "./runtime-world.ts";

describe("runtimes", () => {
  let folder: string;
  let runtimes: Runtimes;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "runtimes-"));
    runtimes = new Runtimes();
  });

  afterEach(async () => {
    await runtimes.close();
    await rm(folder, { recursive: true });
  });

  function specOf(path: string): RuntimeSpec {
    return { kind: "crun", path, root: "" };
  }

  /** A runtime that is a shell script. */
  async function scriptedRuntime(script: string) {
    const path = join(folder, "runtime");
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return runtimes.provider(specOf(path));
  }

  it("are one for equal specs, and others for other roots", async () => {
    const local = { kind: "local", path: "", root: "" } as const;
    const [first, second] = await Promise.all([runtimes.provider(local), runtimes.provider({ ...local })]);
    assert.equal(first, second);
    assert.notEqual(first, await runtimes.provider({ ...local, root: "/other" }));
  });

  it("say that a path is not there, or no program", async () => {
    const cases = [
      ["/nonesuch/crun", "EXEC_RUNTIME_NOT_FOUND", /\/nonesuch\/crun does not exist/],
      ["nonesuch-runtime", "EXEC_RUNTIME_NOT_FOUND", /nonesuch-runtime is neither on the PATH/],
      [folder, "EXEC_RUNTIME_NOT_EXECUTABLE", /is a directory/],
      ["/etc/passwd", "EXEC_RUNTIME_NOT_EXECUTABLE", /\/etc\/passwd is not executable/],
      ["/dev/null", "EXEC_RUNTIME_NOT_EXECUTABLE", /not a regular file/],
    ] as const;
    for (const [path, code, sentence] of cases) {
      await assert.rejects(runtimes.provider(specOf(path)), isSessionError(code, sentence));
    }
  });

  it("are found once they have been installed", async () => {
    const path = join(folder, "late");
    await assert.rejects(runtimes.provider(specOf(path)));
    await writeFile(path, "#!/bin/sh\n", { mode: 0o755 });
    assert.equal((await runtimes.provider(specOf(path))).spec.path, path);
  });

  it("say that they have been uninstalled", async () => {
    const runtime = await scriptedRuntime("exit 1");
    await rm(join(folder, "runtime"));
    await assert.rejects(
      runtime.findContainer("c"),
      isSessionError("EXEC_RUNTIME_NOT_FOUND", /does not exist/),
    );
  });

  it("that fail, or answer with what nobody understands, say what they said", async () => {
    for (const [script, sentence] of [
      ["echo oops >&2; exit 1", /oops/],
      ["exit 3", /could not tell the state/],
      ["echo nonsense", /nonsense/],
      [`echo '{"id":"c","status":"odd","bundle":"/b"}'`, /no usable state/],
      [`echo '{"id":"c","status":"running","pid":'$PPID',"bundle":"/nonesuch"}'`, /\/nonesuch\/config\.json/],
    ] as const) {
      const runtime = await scriptedRuntime(script);
      await assert.rejects(runtime.findContainer("c"), isSessionError("EXEC_RUNTIME_FAILED", sentence));
    }
  });

  it("count a container whose first process is gone as stopped, whatever they say", async () => {
    const runtime = await scriptedRuntime(
      `echo '{"id":"c","status":"running","pid":'$$',"bundle":"/nonesuch"}'`,
    );
    assert.equal((await runtime.findContainer("c")).state, "stopped");
  });

  it("without node-pty have no terminals, and all else", async () => {
    const reason = new Error("it was built for another machine");
    const world = await RuntimeWorld.open(
      { kind: "local", path: "", root: "" },
      "local",
      new Runtimes({ loadTerminals: async () => reason }),
    );
    assert.equal(world.runtime.capabilities.tty, false);
    assert.equal((await world.run({ command: ["true"] })).exitCode, 0);
    await assert.rejects(
      world.start({ command: ["true"], tty: true }),
      isSessionError("EXEC_TTY_UNAVAILABLE", /built for another machine/),
    );
    await world.close();
  });
});
