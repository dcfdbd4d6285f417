import assert from "node:assert/strict";
import { parseUnit, readSystemdUnit } from "../../src/process/systemd-unit.ts";

describe("the systemd unit of a process", () => {
  const units: readonly (readonly [string, string | null])[] = [
    ["0::/system.slice/nodered.service\n", "nodered.service"],
    ["12:pids:/x.service\n1:name=systemd:/system.slice/nodered.service\n0::/\n", "nodered.service"],
    ["0::/system.slice/nodered.service/worker\n", "nodered.service"],
    ["0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u7.scope\n", "run-u7.scope"],
    ["0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope"],
    ["0::/system.slice/docker-0123456789ab.scope\n", "docker-0123456789ab.scope"],
    ["0::/system.slice\n", null],
    ["0::/\n", null],
    ["", null],
  ];

  for (const [cgroups, unit] of units) {
    it(`is ${unit} for ${JSON.stringify(cgroups)}`, () => assert.equal(parseUnit(cgroups), unit));
  }

  it("is null for a process that is gone", () => assert.equal(readSystemdUnit(2 ** 30), null));
});
