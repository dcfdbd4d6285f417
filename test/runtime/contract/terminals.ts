import assert from "node:assert/strict";
import { waitUntil } from "../../support/wait-until.ts";
import type { RuntimeWorld } from "../runtime-world.ts";

/** crun sets the size just after it has let the command go, so a quick one may see none. */
const SIZE_ONCE_SET =
  '{ while size=$(stty size 2>/dev/null); test -z "$size" -o "$size" = "0 0"; do sleep 0.01; done; echo $size; }';

export function describeTerminals(world: () => RuntimeWorld): void {
  describe("terminals", () => {
    it("are what the command's three streams are, 80 columns wide and 24 rows high", async () => {
      const script = `tty >/dev/null && ${SIZE_ONCE_SET} && echo out && echo err >&2 && test -t 0 -a -t 1 -a -t 2`;
      const { stdout, exitCode } = await world().shell(script, { tty: true });
      assert.deepEqual([lines(stdout), exitCode], [["24 80", "out", "err"], 0]);
    });

    it("have the size that was asked for", async () => {
      const { stdout } = await world().shell(SIZE_ONCE_SET, {
        tty: true,
        consoleSize: { columns: 132, rows: 43 },
      });
      assert.deepEqual(lines(stdout), ["43 132"]);
    });

    it("take a new size right after the start, and later", async () => {
      const script = "while :; do stty size; sleep 0.01; done";
      const process = await world().start({ command: ["sh", "-c", script], tty: true, attachStdin: true });
      const text = gather(process.stdout);
      process.resize({ columns: 100, rows: 50 });
      await waitUntil("the command knows its first new size", () => text().includes("50 100"));
      process.resize({ columns: 101, rows: 51 });
      await waitUntil("the command knows its second new size", () => text().includes("51 101"));
      await process.killAll();
      process.release();
    });

    it("bring typed input, and the end of input by its key", async () => {
      const { stdout, exitCode } = await world().run(
        { command: ["sh", "-c", "stty -echo; cat"], tty: true },
        Buffer.from("Zürich\n\x04"),
      );
      assert.equal(lines(stdout).at(-1), "Zürich");
      assert.equal(exitCode, 0);
    });

    it("turn ctrl-c into the signal", async () => {
      const process = await world().start({
        command: ["sh", "-c", 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.01; done'],
        tty: true,
        attachStdin: true,
      });
      const text = gather(process.stdout);
      await waitUntil("the command is ready", () => text().includes("ready"));
      process.stdin?.write("\x03");
      assert.equal((await process.exited).exitCode, 5);
      await waitUntil("the command has said so", () => text().includes("caught"));
      process.release();
    });

    it("keep the TERM that was asked for", async () => {
      const { stdout } = await world().shell('echo "$TERM"', { tty: true, env: { TERM: "vt100" } });
      assert.deepEqual(lines(stdout), ["vt100"]);
    });

    it("give all they have printed, also to a slow reader and after the command's end", async () => {
      const process = await world().start({ command: ["seq", "1", "30000"], tty: true });
      const { stdout } = process;
      assert(stdout !== null);
      const chunks: Buffer[] = [];
      for await (const chunk of stdout) {
        chunks.push(chunk);
        await new Promise(setImmediate);
      }
      assert.equal((await process.exited).exitCode, 0);
      const expected = Array.from({ length: 30_000 }, (_, index) => String(index + 1));
      assert.deepEqual(lines(Buffer.concat(chunks)), expected);
      process.release();
    });

    it("run a command whose output nobody attached", async () => {
      const process = await world().start({ command: ["seq", "1", "30000"], tty: true, attachStdout: false });
      assert.deepEqual([process.stdin, process.stdout, process.stderr], [null, null, null]);
      assert.equal((await process.exited).exitCode, 0);
      process.release();
    });

    it("are not inherited by the commands of other sessions", async () => {
      const process = await world().start({ command: ["cat"], tty: true, attachStdin: true });
      const { stdout } = await world().shell("ls -l /proc/self/fd");
      assert.doesNotMatch(String(stdout), /ptmx|pts/);
      await process.killAll();
      process.release();
    });
  });
}

/** What has been read so far. */
function gather(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}

/** A terminal ends a line with a carriage return and a line feed. */
function lines(output: Buffer): string[] {
  return output.toString().split(/\r+\n/).slice(0, -1);
}
