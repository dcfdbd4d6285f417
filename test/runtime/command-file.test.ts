import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diagnoseCommand } from "../../src/runtime/command-file.ts";
import { ContainerRoot } from "../../src/runtime/container-root.ts";

describe("a command's file", () => {
  let folder: string;
  let root: ContainerRoot;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "command-"));
    await mkdir(join(folder, "bin/folder"), { recursive: true });
    await program("static", elfWithInterpreter(null));
    await program("dynamic", elfWithInterpreter("/lib/ld.so"));
    await program("script", "#!/bin/static -x\n");
    await program("orphan", "#!  /bin/nonesuch\n");
    await program("chain", "#!/bin/orphan\n");
    await program("loop", "#!/bin/loop\n");
    await program("text", "exit 0\n");
    await program("empty", "");
    await writeFile(join(folder, "bin/data"), "no program");
    root = await ContainerRoot.open(folder);
  });

  after(async () => {
    await root.close();
    await rm(folder, { recursive: true });
  });

  async function program(name: string, content: string | Buffer): Promise<void> {
    await writeFile(join(folder, "bin", name), content);
    await chmod(join(folder, "bin", name), 0o755);
  }

  async function diagnose(name: string, options: { path?: string; runsPlainText?: boolean } = {}) {
    const { path = "/nonesuch:/bin", runsPlainText = false } = options;
    const env = new Map([["PATH", path]]);
    const error = await diagnoseCommand({ root, name, env, workDir: "/bin", runsPlainText });
    return error?.kind ?? null;
  }

  it("shows no fault in a program, or in a script whose interpreter is there", async () => {
    assert.deepEqual(
      [await diagnose("static"), await diagnose("/bin/script"), await diagnose("./script")],
      [null, null, null],
    );
  });

  it("is not found where it is on no folder of the PATH, and not at its path", async () => {
    assert.deepEqual(
      [await diagnose("nonesuch"), await diagnose("/nonesuch"), await diagnose("static", { path: "/etc" })],
      ["notFound", "notFound", "notFound"],
    );
  });

  it("is not executable as a folder or without the permission", async () => {
    assert.deepEqual(
      [await diagnose("folder"), await diagnose("data", { runsPlainText: true })],
      ["notExecutable", "notExecutable"],
    );
  });

  it("shows an interpreter or a dynamic loader that is missing, also behind another script", async () => {
    for (const name of ["orphan", "chain", "dynamic", "loop"]) {
      assert.equal(await diagnose(name), "badInterpreter", name);
    }
    await mkdir(join(folder, "lib"));
    await copyFile(join(folder, "bin/static"), join(folder, "lib/ld.so"));
    assert.equal(await diagnose("dynamic"), null);
  });

  it("shows a text that is no script, unless a shell would run that", async () => {
    assert.equal(await diagnose("text", { runsPlainText: true }), null);
    for (const name of ["text", "empty"]) assert.equal(await diagnose(name), "notExecutable", name);
  });
});

/** A 64-bit little-endian ELF header and two segments, the second of which may name an interpreter. */
function elfWithInterpreter(interpreter: string | null): Buffer {
  const file = Buffer.alloc(200);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeBigUInt64LE(64n, 0x20);
  file.writeUInt16LE(56, 0x36);
  file.writeUInt16LE(2, 0x38);
  file.writeUInt32LE(1, 64);
  if (interpreter !== null) {
    const segment = 64 + 56;
    file.writeUInt32LE(3, segment);
    file.writeBigUInt64LE(180n, segment + 0x08);
    file.writeBigUInt64LE(BigInt(interpreter.length + 1), segment + 0x20);
    file.write(`${interpreter}\0`, 180, "latin1");
  }
  return file;
}
