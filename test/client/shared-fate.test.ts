import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreseeSharedFate } from "../../src/client/shared-fate.ts";

const UNIT = "nodered.service";

describe("what would end a session host that is started now", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fate-"));
  });

  afterEach(() => {
    delete process.env.EXEC_SESSIONS_START_HOST;
    rmSync(folder, { recursive: true });
  });

  /** `systemdRun`: what systemd answers; absent: there is no systemd. */
  function foresee({ unit = null, isContainer = false, systemdRun = "" }: Circumstances) {
    const program = join(folder, "systemd-run");
    if (systemdRun !== "") writeFileSync(program, `#!/bin/sh\n${systemdRun}\n`, { mode: 0o755 });
    return foreseeSharedFate({
      unit,
      containerMarks: [join(folder, "none"), ...(isContainer ? [folder] : [])],
      scope: { systemdRun: program, bootedMark: systemdRun === "" ? join(folder, "none") : folder },
    });
  }

  it("is the own unit, unless systemd gives the host a scope", async () => {
    assert.deepEqual(await foresee({ unit: UNIT, systemdRun: "exit 1" }), { kind: "unit", unit: UNIT });
    assert.deepEqual(await foresee({ unit: UNIT }), { kind: "unit", unit: UNIT });
    assert.equal(await foresee({ unit: UNIT, systemdRun: "exit 0" }), null);
  });

  it("is the own container", async () => {
    assert.deepEqual(await foresee({ isContainer: true }), { kind: "container" });
  });

  it("is nothing on a machine without either, and where others start the host", async () => {
    assert.equal(await foresee({}), null);
    process.env.EXEC_SESSIONS_START_HOST = "never";
    assert.equal(await foresee({ unit: UNIT, isContainer: true }), null);
  });
});

interface Circumstances {
  readonly unit?: string | null;
  readonly isContainer?: boolean;
  readonly systemdRun?: string;
}
