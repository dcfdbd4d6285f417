import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { waitUntil } from "../../support/wait-until.ts";
import { collect, type RuntimeWorld } from "../runtime-world.ts";

const MIB = 1024 * 1024;
/** Enough for an end that comes to be seen. */
const TURNS = 20;
/** What a pipe holds; readers and writers go wrong around it. */
const PIPE_BYTES = 64 * 1024;

export function describeStreams(world: () => RuntimeWorld): void {
  describe("streams", () => {
    it("keeps standard output and standard error apart, byte for byte", async () => {
      const { stdout, stderr } = await world().shell("printf '\\000\\377out'; printf '\\376err' >&2");
      assert.deepEqual(
        [stdout, stderr],
        [Buffer.from("\x00\xffout", "latin1"), Buffer.from("\xfeerr", "latin1")],
      );
    });

    it("can be opened by the command as /dev/stdin, /dev/stdout and /dev/stderr", async () => {
      const script = "cat /dev/stdin >/dev/stdout; echo failed >/dev/stderr";
      const { stdout, stderr, exitCode } = await world().shell(script, {}, Buffer.from("typed"));
      assert.deepEqual([String(stdout), String(stderr), exitCode], ["typed", "failed\n", 0]);
    });

    it("can be opened by a command that is not root's", async () => {
      const { stdout, stderr } = await world().shell("echo a >/dev/stdout; echo b >/dev/stderr", {
        user: "daemon",
      });
      assert.deepEqual([String(stdout), String(stderr)], ["a\n", "b\n"]);
    });

    it("carries 10 MB of random bytes in and out again", async () => {
      const data = randomBytes(10 * MIB);
      const { stdout } = await world().run({ command: ["cat"] }, data);
      assert.equal(stdout.length, data.length);
      assert.equal(sha256(stdout), sha256(data));
    });

    for (const size of [0, 1, PIPE_BYTES - 1, PIPE_BYTES, PIPE_BYTES + 1]) {
      it(`carries ${size} bytes of input to their end`, async () => {
        const { stdout, exitCode } = await world().run({ command: ["wc", "-c"] }, Buffer.alloc(size, "x"));
        assert.deepEqual([String(stdout).trim(), exitCode], [String(size), 0]);
      });
    }

    it("has no bytes of input for a command without attachStdin", async () => {
      const process = await world().start({ command: ["cat"] });
      assert.equal(process.stdin, null);
      assert.equal(String(await collect(process.stdout)), "");
      assert.equal((await process.exited).exitCode, 0);
      process.release();
    });

    it("drops output that the session does not attach", async () => {
      const process = await world().start({
        command: ["sh", "-c", "echo out; echo err >&2"],
        attachStdout: false,
        attachStderr: false,
      });
      assert.deepEqual([process.stdout, process.stderr], [null, null]);
      assert.equal((await process.exited).exitCode, 0);
    });

    it("tells a writer, and nobody else, that the command ended without reading its input", async () => {
      const process = await world().start({ command: ["true"], attachStdin: true });
      const { stdin } = process;
      assert(stdin !== null);
      const written = new Promise((resolve) => stdin.write(Buffer.alloc(MIB), resolve));
      assert.equal((await process.exited).exitCode, 0);
      assert.ok((await written) instanceof Error, "the writer is told");
      process.release();
    });

    it("loses nothing when its reader is slow", async () => {
      const process = await world().start({ command: ["sh", "-c", "seq 1 100000; echo last >&2"] });
      const errors = collect(process.stderr);
      const { stdout } = process;
      assert(stdout !== null);
      // The command has ended, or waits for its reader, before the first byte is read.
      await Promise.race([process.exited, new Promise(setImmediate)]);
      const chunks: Buffer[] = [];
      for await (const chunk of stdout) {
        chunks.push(chunk);
        await new Promise(setImmediate);
      }
      assert.equal(Buffer.concat(chunks).toString().trimEnd().split("\n").at(-1), "100000");
      assert.equal(String(await errors), "last\n");
      process.release();
    });

    it("tells the command's end while a background child still holds the output", async () => {
      const process = await world().start({ command: ["sh", "-c", "sleep 1000 & echo $!"] });
      let text = "";
      let hasEnded = false;
      process.stdout?.on("data", (chunk) => {
        text += chunk;
      });
      process.stdout?.once("end", () => {
        hasEnded = true;
      });
      assert.equal((await process.exited).exitCode, 0);
      await waitUntil("the output has been read", () => text.endsWith("\n"));
      assert.equal(hasEnded, false);
      process.release();
      await process.killAll();
    });

    it("tells the command's end where nobody attached the output that a background child holds", async () => {
      const process = await world().start({
        command: ["sh", "-c", "sleep 1000 &"],
        attachStdout: false,
        attachStderr: false,
      });
      assert.equal((await process.exited).exitCode, 0);
      process.release();
      await process.killAll();
    });

    it("tell of their end also a listener that comes after it", async () => {
      const process = await world().start({ command: ["true"] });
      await process.exited;
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
      const { stdout } = process;
      assert(stdout !== null);
      const ended = once(stdout, "end");
      stdout.resume();
      await ended;
      process.release();
    });

    it("lets go of streams at once when it is released", async () => {
      const process = await world().start({ command: ["sleep", "1000"], attachStdin: true });
      const closed = [process.stdin, process.stdout, process.stderr].map((stream) => {
        assert(stream !== null);
        return once(stream, "close");
      });
      process.release();
      await Promise.all(closed);
      assert.equal(await process.isAlive(), true);
      await process.killAll();
    });
  });
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
