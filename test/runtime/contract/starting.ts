import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecConfigInput } from "../../../src/session/exec-config.ts";
import { type ExecProcess, StartFailure } from "../../../src/session/runtime.ts";
import { SessionError } from "../../../src/session/session-error.ts";
import type { RuntimeWorld } from "../runtime-world.ts";

/** More at once than pipes are in stock. */
const CONCURRENT = 24;

export function describeStarting(world: () => RuntimeWorld): void {
  describe("starting", () => {
    it("finds its container running, by the id that commands are started with", async () => {
      const { containerId: id } = world();
      const container = await world().runtime.findContainer(id);
      assert.deepEqual(container, { id, name: id, state: "running", stopTimeout: null });
    });

    it("says of an unknown container that it does not know it", async () => {
      const finding = world().runtime.findContainer("nonesuch");
      await assert.rejects(finding, isSessionError("EXEC_CONTAINER_NOT_FOUND", /nonesuch/));
    });

    it("gives the command's pid on this machine and an identity that is plain JSON", async () => {
      const started = await world().start({ command: ["sleep", "1000"] });
      assert.doesNotThrow(() => process.kill(started.pid ?? 0, 0));
      assert.deepEqual(JSON.parse(JSON.stringify(started.identity)), started.identity);
      assert.equal(await started.isAlive(), true);
      await started.killAll();
      await started.exited;
      assert.equal(await started.isAlive(), false);
      started.release();
    });

    it(`gives ${CONCURRENT} commands that start at once their own exit codes and output`, async () => {
      const results = await Promise.all(
        Array.from({ length: CONCURRENT }, (_, code) => world().shell(`echo ${code}; exit ${code}`)),
      );
      assert.deepEqual(
        results.map(({ exitCode, stdout }) => [exitCode, String(stdout)]),
        Array.from({ length: CONCURRENT }, (_, code) => [code, `${code}\n`]),
      );
    });

    for (const tty of [false, true]) {
      describe(tty ? "with a terminal" : "without a terminal", () => {
        it("says that a program is not there, by its name and by its path", async () => {
          await assertFails(world(), { command: ["nonesuch-program"], tty }, "notFound", /nonesuch-program/);
          await assertFails(world(), { command: ["/nonesuch/program"], tty }, "notFound", /program/);
          await assertFails(world(), { command: ["/etc/passwd/program"], tty }, "notFound", /./);
        });

        it("says that a file or a folder is no program", async () => {
          await assertFails(world(), { command: ["/etc/passwd"], tty }, "notExecutable", /./);
          await assertFails(world(), { command: ["/etc"], tty }, "notExecutable", /./);
        });

        it("says that a script's interpreter is missing, at the start or as its exit", async () => {
          const script = "printf '#!/nonesuch/interpreter\\n' >/tmp/orphan && chmod 755 /tmp/orphan";
          assert.equal((await world().shell(script)).exitCode, 0);
          const startError = await startErrorOf(world(), { command: ["/tmp/orphan"], tty });
          assert.equal(startError?.kind, "badInterpreter");
          assert.equal((await world().shell("rm /tmp/orphan")).exitCode, 0);
        });
      });
    }

    it("leaves no secret behind in the session's folder, whether the start succeeds or fails", async () => {
      const secret = { TOKEN: "a-secret-value" };
      await world().run({ command: ["true"], env: secret });
      await startErrorOf(world(), { command: ["nonesuch-program"], env: secret });
      for (const name of await readdir(world().bundle)) {
        assert.ok(!(await readFile(join(world().bundle, name), "utf8")).includes(secret.TOKEN), name);
      }
    });
  });
}

/** Whether an error is a session error with this code whose sentence says this. */
export function isSessionError(code: string, sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SessionError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  };
}

async function assertFails(
  world: RuntimeWorld,
  input: ExecConfigInput,
  kind: string,
  text: RegExp,
): Promise<void> {
  await assert.rejects(world.start(input), (error) => {
    assert.ok(error instanceof StartFailure, String(error));
    assert.equal(error.startError.kind, kind, error.message);
    assert.match(error.startError.text, text);
    return true;
  });
}

/** Why a command never ran. A runtime may know that only once the command's process has ended. */
export async function startErrorOf(
  world: RuntimeWorld,
  input: ExecConfigInput,
): Promise<StartFailure["startError"] | null> {
  let started: ExecProcess;
  try {
    started = await world.start(input);
  } catch (error) {
    assert.ok(error instanceof StartFailure, String(error));
    return error.startError;
  }
  started.stdout?.resume();
  started.stderr?.resume();
  const { startError } = await started.exited;
  started.release();
  return startError;
}
