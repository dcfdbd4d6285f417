import assert from "node:assert/strict";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { isErrno } from "../../src/process/errno.ts";
import { listInheritableFds, Terminal } from "../../src/process/terminal.ts";
import { loadTerminalLibrary, type TerminalLibrary } from "../../src/process/terminal-library.ts";
import { waitUntil } from "../support/wait-until.ts";

const SIZE = { columns: 80, rows: 24 };
/** More than a terminal holds. */
const MUCH = 300_000;

describe("a terminal", () => {
  let library: TerminalLibrary;
  let terminal: Terminal;

  before(async () => {
    const loaded = await loadTerminalLibrary();
    assert.ok(!(loaded instanceof Error), String(loaded));
    library = loaded;
  });

  beforeEach(() => {
    terminal = new Terminal({ library, size: SIZE, raw: true });
  });

  afterEach(async () => {
    terminal.release();
    await waitUntil("no terminal is open", () => listInheritableFds().length === 0);
  });

  it("carries every byte from the slave, and ends when the slave is closed", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
    writeSync(terminal.slaveFd, bytes);
    terminal.closeSlave();
    const chunks: Buffer[] = [];
    for await (const chunk of terminal.output) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), bytes);
  });

  it("carries typed bytes to the slave", async () => {
    terminal.input.write(Buffer.from([1, 3, 4, 17, 200]));
    const buffer = Buffer.alloc(10);
    assert.equal(readSync(terminal.slaveFd, buffer), 5);
    assert.deepEqual([...buffer.subarray(0, 5)], [1, 3, 4, 17, 200]);
    terminal.closeSlave();
  });

  it("holds back typed bytes that nobody reads, and goes on when somebody does", async () => {
    let hasWritten = false;
    const written = new Promise<void>((resolve, reject) => {
      terminal.input.write(Buffer.alloc(MUCH, "x"), (error) => {
        hasWritten = true;
        if (error) reject(error);
        else resolve();
      });
    });
    await new Promise(setImmediate);
    assert.equal(hasWritten, false);
    const buffer = Buffer.alloc(MUCH);
    let read = 0;
    while (read < MUCH) {
      read += readWhatIsThere(terminal.slaveFd, buffer);
      await new Promise(setImmediate);
    }
    await written;
    terminal.closeSlave();
  });

  it("tells whoever still types that it is closed, and ends no process by that", async () => {
    const written = new Promise((resolve) => terminal.input.write(Buffer.alloc(MUCH), resolve));
    terminal.closeSlave();
    terminal.release();
    assert.match(String(await written), /terminal is closed/);
    const late = await new Promise((resolve) => terminal.input.write("late", resolve));
    assert.ok(late instanceof Error);
  });

  it("touches no other file once it is closed, even if that has its number", async () => {
    const [master] = listInheritableFds();
    terminal.closeSlave();
    terminal.release();
    await waitUntil("the terminal is closed", () => listInheritableFds().length === 0);
    const fds: number[] = [];
    while (fds.at(-1) !== master && fds.length < 100) fds.push(openSync("/dev/zero", "r+"));
    assert.equal(fds.at(-1), master, "another file has the terminal's number");
    assert.doesNotThrow(() => terminal.resize({ columns: 1, rows: 1 }));
    fds.forEach(closeSync);
  });
});

describe("node-pty", () => {
  it("that is not there is an error with the reason, not a crash", async () => {
    const loaded = await loadTerminalLibrary("nonesuch-package");
    assert.ok(loaded instanceof Error);
    assert.match(loaded.message, /nonesuch-package/);
  });

  it("without the functions that are used of it counts as not there", async () => {
    assert.match(String(await loadTerminalLibrary("node:path")), /native\.open/);
  });
});

/** node-pty's slave does not block until a child has it. */
function readWhatIsThere(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (isErrno(error, "EAGAIN")) return 0;
    throw error;
  }
}
