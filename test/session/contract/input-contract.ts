import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { FakeProcess } from "../../support/fake-runtime.ts";
import { waitUntil } from "../../support/wait-until.ts";
import {
  assertCode,
  eachWorld,
  type OpenContractWorld,
  READS,
  RUNS,
  startSession,
  TERMINAL,
  target,
  textOf,
} from "./contract-world.ts";

const KIB = 1024;

/** What reaches standard input. */
export function describeInputContract(open: OpenContractWorld): void {
  describe("a session's input", () => {
    const world = eachWorld(open);

    it("reaches the command byte for byte, around every buffer's size, and then its end", async () => {
      const { service, machine } = world.current;
      for (const size of [0, 1, 65_535, 65_536, 65_537, 262_144, 262_145, 3_000_001]) {
        const { id } = await service.create(target(), READS);
        const attachment = await service.startAndAttach(id);
        const received = readAll(machine.process());
        const bytes = randomBytes(size);
        await attachment.write(bytes);
        await attachment.endInput();
        assert.deepEqual(await received, digest(bytes), `${size} bytes`);
        machine.process().exit(0);
        assert.equal((await service.wait(id)).exitCode, 0);
        attachment.close();
      }
    });

    it("keeps its order when nobody waits for the pieces one by one", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, READS);
      const received = readAll(machine.process());
      const attachment = await service.attach(id);
      const pieces = Array.from({ length: 3000 }, (_, index) => `${index};`);
      await Promise.all([
        ...pieces.map((piece) => attachment.write(Buffer.from(piece))),
        attachment.endInput(),
      ]);
      assert.deepEqual(await received, digest(Buffer.from(pieces.join(""))));
    });

    it("keeps its order too when it is written by the session's id", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, READS);
      const received = readAll(machine.process());
      const pieces = [Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(300 * KIB, "b"), Buffer.from("c")];
      await Promise.all([...pieces.map((piece) => service.write(id, piece)), service.endInput(id)]);
      assert.deepEqual(await received, digest(Buffer.concat(pieces)));
    });

    it("waits for a command that does not read, while output and everything else go on", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), { ...TERMINAL, output: { policy: "block" } });
      const attachment = await service.startAndAttach(id, { consumer: "reader" });
      let isWritten = false;
      const writing = attachment.write(Buffer.alloc(1024 * KIB)).then(() => {
        isWritten = true;
      });
      const reading = textOf(attachment);
      machine.process().stdout?.write("still there");
      await service.resize(id, { columns: 10, rows: 10 });
      attachment.advance(11);
      await waitUntil(
        "the output is read",
        async () => (await service.inspect(id)).output.stdoutBytes === 11,
      );
      assert.equal(isWritten, false);
      machine.process().stdin?.resume();
      await writing;
      machine.process().exit(0);
      assert.equal(await reading, "still there");
    });

    it("is refused where there is none, before the start, after the end of input and after the end", async () => {
      const { service, machine } = world.current;
      const deaf = await service.attach(await startSession(world.current, RUNS));
      await assertCode("EXEC_STDIN_NOT_ATTACHED", deaf.write(Buffer.from("x")));
      const { id } = await service.create(target(), READS);
      const attachment = await service.attach(id);
      await assertCode("EXEC_WRONG_STATE", attachment.write(Buffer.from("x")));
      await service.start(id);
      await attachment.endInput();
      await assertCode("EXEC_STDIN_CLOSED", attachment.write(Buffer.from("x")));
      await assertCode("EXEC_STDIN_CLOSED", service.write(id, Buffer.from("x")));
      machine.process().exit(0);
      await service.wait(id);
      await assertCode("EXEC_WRONG_STATE", attachment.write(Buffer.from("x")));
      await assertCode("EXEC_WRONG_STATE", service.endInput(id));
      deaf.close();
      attachment.close();
    });

    it("that the command had not taken when it ended is refused", async () => {
      const { service, machine } = world.current;
      const { id } = await service.create(target(), READS);
      const attachment = await service.startAndAttach(id);
      const writing = assertCode("EXEC_STDIN_CLOSED", attachment.write(Buffer.alloc(2048 * KIB)));
      await waitUntil("some of it has come", () => (machine.process().stdin?.readableLength ?? 0) > 0);
      machine.process().exit(0);
      await writing;
      assert.equal(await textOf(attachment), "");
    });

    it("can still be written through an attachment that was closed, and the session goes on", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, READS);
      const received = readAll(machine.process());
      const attachment = await service.attach(id);
      const before = attachment.write(Buffer.from("before "));
      attachment.close();
      await before;
      await attachment.write(Buffer.from("after"));
      await attachment.endInput();
      assert.deepEqual(await received, digest(Buffer.from("before after")));
      assert.equal((await service.inspect(id)).Running, true);
    });

    it("detaches an interactive attachment on the detach keys, typed at once or key by key", async () => {
      const { service, machine } = world.current;
      const id = await startSession(world.current, TERMINAL);
      for (const typed of [["ab\x10\x11"], ["ab\x10", "\x11"]]) {
        const attachment = await service.attach(id, { interactive: true });
        const reading = textOf(attachment);
        for (const piece of typed) await attachment.write(Buffer.from(piece));
        assert.deepEqual(await attachment.ended, { kind: "detached", by: "keys" });
        assert.equal(await reading, "");
      }
      machine.process().stdin?.end();
      assert.deepEqual(await readAll(machine.process()), digest(Buffer.from("abab")));
      assert.equal((await service.inspect(id)).Running, true);
    });
  });
}

function digest(bytes: Buffer): { readonly bytes: number; readonly sha256: string } {
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** What the command has read when its input ends. */
async function readAll({ stdin }: FakeProcess): Promise<ReturnType<typeof digest>> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin ?? []) chunks.push(chunk);
  return digest(Buffer.concat(chunks));
}
