import assert from "node:assert/strict";
import { resolveOnMachine } from "../../src/runtime/local-request.ts";
import { explainSpawnError } from "../../src/runtime/local-start-error.ts";
import { parseExecConfig } from "../../src/session/exec-config.ts";

const CONFIG = parseExecConfig({ command: ["true"] });
const REFUSED = Object.assign(new Error("EPERM: operation not permitted, fchown"), { code: "EPERM" });

describe("a command that the system does not permit on this machine", () => {
  it("as another user or in another group is said to need rights, by name", async () => {
    const request = await resolveOnMachine(CONFIG);
    const { uid, gid } = request.user;
    for (const user of [
      { ...request.user, uid: uid + 1 },
      { ...request.user, gid: gid + 1 },
    ]) {
      assert.deepEqual(await explainSpawnError(REFUSED, CONFIG, { ...request, user }), {
        kind: "badUser",
        text: `User ${uid} may not run commands as user ${user.uid} and group ${user.gid}; that needs the capabilities CAP_SETUID, CAP_SETGID and CAP_CHOWN, which root has.`,
      });
    }
  });

  it("as this user is said to be no program", async () => {
    const { kind } = await explainSpawnError(REFUSED, CONFIG, await resolveOnMachine(CONFIG));
    assert.equal(kind, "notExecutable");
  });
});
