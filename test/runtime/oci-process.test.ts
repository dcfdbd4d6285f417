import assert from "node:assert/strict";
import { createOciProcess, defaultsOf } from "../../src/runtime/oci-process.ts";
import { parseExecConfig } from "../../src/session/exec-config.ts";

const base = {
  user: { uid: 0, gid: 0, umask: 18 },
  cwd: "/data",
  env: ["A=1"],
  args: ["init"],
  terminal: true,
  consoleSize: { width: 1, height: 2 },
  noNewPrivileges: true,
  apparmorProfile: "p",
  somethingNew: { x: 1 },
};
const request = {
  user: { uid: 5, gid: 6, additionalGids: [6] },
  workDir: "/w",
  env: new Map([["A", "2"]]),
};

describe("a command's OCI process", () => {
  it("is the container's with what the request says in its place, and all else kept", () => {
    const process = createOciProcess(base, parseExecConfig({ command: ["ls", "-l"] }), request);
    assert.deepEqual(process, {
      user: { uid: 5, gid: 6, umask: 18, additionalGids: [6] },
      cwd: "/w",
      env: ["A=2"],
      args: ["ls", "-l"],
      terminal: false,
      noNewPrivileges: true,
      apparmorProfile: "p",
      somethingNew: { x: 1 },
    });
  });

  it("has a size with a terminal, asked for or usual, and never the container's", () => {
    const sizeOf = (input: object) =>
      createOciProcess(base, parseExecConfig({ command: ["sh"], tty: true, ...input }), request).consoleSize;
    assert.deepEqual(sizeOf({}), { width: 80, height: 24 });
    assert.deepEqual(sizeOf({ consoleSize: { columns: 7, rows: 9 } }), { width: 7, height: 9 });
  });

  it("names capabilities where the container does, or where it is privileged", () => {
    const capabilities = (process: object, input: object) =>
      createOciProcess({ ...base, ...process }, parseExecConfig({ command: ["sh"], ...input }), request)
        .capabilities;
    assert.equal(capabilities({}, {}), undefined);
    assert.deepEqual(capabilities({ capabilities: { bounding: ["CAP_KILL"] } }, {})?.bounding, ["CAP_KILL"]);
    assert.ok((capabilities({}, { privileged: true })?.bounding ?? []).length > 0);
  });

  it("takes what it is not asked for from the container", () => {
    assert.deepEqual(defaultsOf(base), {
      user: { uid: 0, gid: 0, additionalGids: [] },
      workDir: "/data",
      env: ["A=1"],
    });
  });
});
