import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { accessSync, constants, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { spawn as spawnTerminal } from "node-pty";
import type { RuntimeSpec } from "../../src/session/exec-session.ts";
import { ContainerYard } from "../support/containers.ts";
import { LOCAL, RealApi } from "../support/real-api.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

/** What a client must have said by then. */
const CLIENT_TIMEOUT_MS = 15_000;

/** A runtime with a container to use a client on. */
interface Place {
  readonly specs: readonly RuntimeSpec[];
  readonly container: string;
  close(): Promise<void>;
}

describeNeeding(["docker"], "the docker command line", () => {
  for (const program of dockerPrograms()) {
    describe(`${program} on this machine`, () => describeClient(program, openLocal));
  }
});

describeNeeding(["docker", "crun", "root"], "the docker command line in a crun container", () => {
  describeClient("docker", () => openYard("crun"));
});

describeNeeding(["docker", "runc", "root"], "the docker command line in a runc container", () => {
  describeClient("docker", () => openYard("runc"));
});

function describeClient(program: string, open: () => Promise<Place>): void {
  let place: Place;
  let real: RealApi;
  let config: string;

  before(async function () {
    this.timeout(60_000);
    place = await open();
    real = await RealApi.open(place.specs);
    config = await mkdtemp(join(tmpdir(), "docker-"));
  });

  after(async () => {
    await real.dispose();
    await place.close();
    await rm(config, { recursive: true });
  });

  /** The arguments before and after the container's name. */
  const docker = (options: readonly string[], command: readonly string[], input: Uint8Array | string = "") =>
    execa(program, [...host(), "exec", ...options, place.container, ...command], {
      env: { DOCKER_CONFIG: config },
      input,
      reject: false,
      timeout: CLIENT_TIMEOUT_MS,
      stripFinalNewline: false,
    });
  const host = () => ["-H", `unix://${real.api.socketPath}`];
  const shell = (script: string, options: readonly string[] = [], input: Uint8Array | string = "") =>
    docker(options, ["sh", "-c", script], input);

  it("gives output, errors and the exit code each where they belong", async () => {
    const { stdout, stderr, exitCode } = await shell("echo out; echo err >&2; exit 7");
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: "out\n", stderr: "err\n", exitCode: 7 });
  });

  it("takes environment, user and working directory", async () => {
    const options = ["-e", "A=b c", "-e", "D=", "-e", "NOT_SET_HERE", "-u", "0:0", "-w", "/tmp"];
    const { stdout } = await shell('echo "[$A][$D]"; id -u; pwd', options);
    assert.equal(stdout, "[b c][]\n0\n/tmp\n");
  });

  it("exits with 0, 1, 126, 127 and 128+n as the command does", async () => {
    const results = await Promise.all([
      docker([], ["true"]),
      docker([], ["false"]),
      docker([], ["/etc/passwd"]),
      docker([], ["no-such-command"]),
      shell("kill -9 $$"),
      shell("kill -15 $$"),
    ]);
    assert.deepEqual(
      results.map(({ exitCode }) => exitCode),
      [0, 1, 126, 127, 137, 143],
    );
    assert.match(results[3]?.stderr ?? "", /could not start "no-such-command"/);
  });

  it("says that there is no such container, user or directory, and exits with 1", async () => {
    const absent = await execa(program, [...host(), "exec", "absent", "true"], {
      reject: false,
      env: { DOCKER_CONFIG: config },
    });
    assert.equal(absent.exitCode, 1);
    assert.match(absent.stderr, /absent/);
    for (const option of [
      ["-u", "nobody-of-this-name"],
      ["-w", "/no/such/directory"],
    ]) {
      const { exitCode, stderr } = await docker(option, ["true"]);
      assert.deepEqual([exitCode, stderr.includes(option[1] ?? "")], [1, true], stderr);
    }
    assert.deepEqual(
      (await real.manager.list({ state: "created" })).length,
      0,
      "a refused create leaves nothing behind",
    );
  });

  it("feeds standard input to its end, byte for byte, and gives as much back", async () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 5_000_011]) {
      const bytes = randomBytes(size);
      const { stdout, exitCode } = await execa(program, [...host(), "exec", "-i", place.container, "cat"], {
        env: { DOCKER_CONFIG: config },
        input: bytes,
        encoding: "buffer",
        stripFinalNewline: false,
        timeout: CLIENT_TIMEOUT_MS,
      });
      assert.deepEqual([exitCode, digest(stdout)], [0, digest(bytes)], `${size} bytes`);
    }
  });

  it("does not wait for input that the command does not read", async () => {
    const { stdout, exitCode } = await docker(["-i"], ["echo", "done"], Buffer.alloc(4_000_000));
    assert.deepEqual([stdout, exitCode], ["done\n", 0]);
  });

  it("loses nothing when its own reader is slow", async () => {
    const lines = 400_000;
    const command = `${program} ${host().join(" ")} exec ${place.container} seq ${lines} | (sleep 1; cat) | tail -n 1`;
    const { stdout } = await execa("sh", ["-c", command], {
      env: { DOCKER_CONFIG: config },
      timeout: CLIENT_TIMEOUT_MS,
    });
    assert.equal(stdout.trim(), String(lines));
  });

  it("leaves a detached command running", async () => {
    const before = new Set((await real.manager.list()).map(({ id }) => id));
    const { stdout, exitCode } = await docker(["-d"], ["sleep", "1000"]);
    assert.deepEqual([stdout, exitCode], ["", 0]);
    const started = (await real.manager.list()).filter(({ id }) => !before.has(id));
    assert.deepEqual(
      started.map(({ state, command }) => [state, command]),
      [["running", ["sleep", "1000"]]],
    );
  });

  it("gives the command a terminal without input", async () => {
    const { stdout, exitCode } = await shell("test -t 1 && echo terminal; exit 3", ["-t"]);
    assert.deepEqual([stdout, exitCode], ["terminal\r\n", 3]);
  });

  it("gives the command the size of its own terminal, and every new one", async () => {
    const terminal = spawnTerminal(program, [...host(), "exec", "-it", place.container, "sh"], {
      cols: 101,
      rows: 31,
      env: { ...process.env, DOCKER_CONFIG: config },
    });
    const exited = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    let screen = "";
    terminal.onData((text) => {
      screen += text;
    });
    // The client tells the first size, too, only once the command runs.
    const showsSize = (size: string) => {
      terminal.write("stty size\r");
      return screen.includes(size);
    };
    await waitUntil("the first size is there", () => showsSize("31 101"));
    terminal.resize(90, 28);
    await waitUntil("the second size is there", () => showsSize("28 90"));
    terminal.write("exit 5\r");
    assert.equal(await exited, 5);
  });

  it("detaches on the detach keys, and the command goes on", async () => {
    const terminal = spawnTerminal(program, [...host(), "exec", "-it", place.container, "sh"], {
      env: { ...process.env, DOCKER_CONFIG: config },
    });
    const exited = new Promise((resolve) => terminal.onExit(resolve));
    let screen = "";
    terminal.onData((text) => {
      screen += text;
    });
    terminal.write("echo begun$((6 * 7))\r");
    await waitUntil("the shell is there", () => screen.includes("begun42"));
    terminal.write("\x10\x11");
    await exited;
    const rows = await real.manager.list({ state: "running" });
    assert.ok(rows.some(({ command }) => command[0] === "sh"));
  });
}

/** Every docker client of this machine: distributions bring an old one, people install a new one. */
function dockerPrograms(): readonly string[] {
  const paths = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "docker"));
  return [...new Set(paths.filter(isExecutable).map((path) => realpathSync(path)))];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function openLocal(): Promise<Place> {
  return { specs: [LOCAL], container: "local", close: async () => {} };
}

async function openYard(kind: "crun" | "runc"): Promise<Place> {
  const yard = await ContainerYard.open(kind);
  const { id } = await yard.startContainer();
  return { specs: [LOCAL, yard.spec], container: id, close: () => yard.close() };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
