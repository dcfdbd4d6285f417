import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { isErrno } from "../../src/process/errno.ts";
import { PipeSource } from "../../src/process/pipe-source.ts";
import { type ProgramRequest, startProgram } from "../../src/process/program.ts";
import { openPipes, useTerminal } from "../../src/process/program-streams.ts";
import { Terminal } from "../../src/process/terminal.ts";
import { loadTerminalLibrary, type TerminalLibrary } from "../../src/process/terminal-library.ts";

const NO_STREAMS = { stdin: false, stdout: false, stderr: false };

describe("a program", () => {
  const pipes = new PipeSource();
  let library: TerminalLibrary;

  before(async () => {
    const loaded = await loadTerminalLibrary();
    assert.ok(!(loaded instanceof Error), String(loaded));
    library = loaded;
  });

  after(() => pipes.close());

  async function start(request: Partial<ProgramRequest>, attached = {}) {
    const streams = await openPipes(pipes, { ...NO_STREAMS, ...attached });
    return startProgram({ file: "true", args: [], ownSession: true, extraFds: [], ...request }, streams);
  }

  async function outputOf(request: Partial<ProgramRequest>): Promise<string> {
    const program = await start(request, { stdout: true });
    let text = "";
    for await (const chunk of program.stdout ?? []) text += chunk;
    await program.exited;
    program.release();
    return text;
  }

  it("that cannot be started is the system's error, and leaves no stream open", async () => {
    const attached = { stdin: true, stdout: true, stderr: true };
    await assert.rejects(start({ file: "/nonesuch" }, attached), (error) => isErrno(error, "ENOENT"));
    await assert.rejects(start({ file: "/etc/passwd" }, attached), (error) => isErrno(error, "EACCES"));
    await assert.rejects(start({ cwd: "/nonesuch" }, attached), (error) => isErrno(error, "ENOENT"));
  });

  it("tells its exit code or its signal", async () => {
    const program = await start({ file: "sh", args: ["-c", "exit 7"] });
    assert.deepEqual(await program.exited, { code: 7, signal: null });
    assert.equal(program.hasExited, true);
    const killed = await start({ file: "sleep", args: ["1000"] });
    killed.signal("SIGKILL");
    assert.deepEqual(await killed.exited, { code: null, signal: "SIGKILL" });
    for (const one of [program, killed]) one.release();
  });

  it("runs in a session of its own when it is asked to", async () => {
    const session = "read -r pid comm state parent group session rest </proc/self/stat; echo $pid $session";
    const [pid, ownSession] = (await outputOf({ file: "sh", args: ["-c", session] })).trim().split(" ");
    assert.equal(ownSession, pid);
    const shared = await outputOf({ file: "sh", args: ["-c", session], ownSession: false });
    const [pid2, sharedSession] = shared.trim().split(" ");
    assert.notEqual(sharedSession, pid2);
  });

  it("gets descriptors in their order, and none of a terminal that is open here", async () => {
    const terminal = new Terminal({ library, size: { columns: 80, rows: 24 }, raw: true });
    const fd = openSync("/etc/passwd", "r");
    const links = await outputOf({
      file: "sh",
      args: ["-c", "for f in /proc/self/fd/*; do readlink $f; done"],
      extraFds: [fd, fd],
    });
    closeSync(fd);
    terminal.closeSlave();
    terminal.release();
    assert.equal(links.match(/^\/etc\/passwd$/gm)?.length, 2);
    assert.doesNotMatch(links, /ptmx|\/pts\//);
  });

  it("has a terminal for all its streams, and its output ends when it does", async () => {
    const terminal = new Terminal({ library, size: { columns: 33, rows: 11 }, raw: false });
    const program = await startProgram(
      { file: "sh", args: ["-c", "stty size; echo err >&2"], ownSession: true, extraFds: [] },
      useTerminal(terminal),
    );
    let text = "";
    for await (const chunk of program.stdout ?? []) text += chunk;
    assert.equal(text, "11 33\r\nerr\r\n");
    assert.equal(program.stderr, null);
    program.release();
  });

  it("ends in its own way also when it has closed its terminal before", async () => {
    const terminal = new Terminal({ library, size: { columns: 80, rows: 24 }, raw: false });
    const script = "exec </dev/null >/dev/null 2>&1; sleep 0.3; exit 5";
    const program = await startProgram(
      { file: "setsid", args: ["-c", "sh", "-c", script], ownSession: false, extraFds: [] },
      useTerminal(terminal),
    );
    for await (const _ of program.stdout ?? []);
    assert.deepEqual(await program.exited, { code: 5, signal: null });
    program.release();
  });
});
