import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartFailure } from "../../../src/session/runtime.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { pidsRunning } from "../host-pids.ts";
import type { OciWorld } from "../oci-contract.ts";
import { RuntimeWorld } from "../runtime-world.ts";

/** Gives the paths that the runtime is told, and the runtime itself as $program. */
const READ_ARGUMENTS = `
  for word; do
    case $before in --pid-file) pid_file=$word;; esac
    before=$word
  done
  case " $* " in *" exec "*) ;; *) exec $program "$@";; esac`;
/** crun cannot write the pid file, and runc not the one that it makes of it, as on a disk that is full by then. */
const WITHOUT_PID_FILE = `
  ln -sf /nonesuch/pid "$pid_file"; touch "$(dirname "$pid_file")/.$(basename "$pid_file")"
  exec $program "$@"`;

/** So that it is told apart from any other. */
const UNIQUE = ["sleep", String(100_000 + process.pid)];

export function describeLateFailures(oci: () => OciWorld): void {
  describe("a start that fails late", () => {
    let folder: string;
    let world: RuntimeWorld;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "late-"));
    });

    afterEach(async () => {
      await world.close();
      await rm(folder, { recursive: true });
    });

    /** A world whose runtime meets with something on its way. */
    async function openWorld(script: string): Promise<void> {
      const { yard, container } = oci();
      const path = join(folder, "runtime");
      const text = `#!/bin/sh\nprogram=${yard.program}\n${READ_ARGUMENTS}\n${script}\n`;
      await writeFile(path, text, { mode: 0o755 });
      world = await RuntimeWorld.open({ ...yard.spec, path }, container.id);
    }

    for (const tty of [false, true]) {
      it(`leaves no command behind ${tty ? "with" : "without"} a terminal`, async () => {
        await openWorld(WITHOUT_PID_FILE);
        await assert.rejects(world.start({ command: UNIQUE, tty }), StartFailure);
        // A terminal's is hung up on.
        if (tty) await waitUntil("it has ended", () => pidsRunning(UNIQUE).length === 0);
        assert.deepEqual(pidsRunning(UNIQUE), []);
      });
    }
  });
}
