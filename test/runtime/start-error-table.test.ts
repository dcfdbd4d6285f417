import assert from "node:assert/strict";
import { isLateFailure, startErrorKind } from "../../src/runtime/start-error-table.ts";

/** What crun 1.8.1, newer crun, runc 1.1.5 and newer runc say. */
const texts = {
  notFound: [
    "executable file `nonesuch` not found in $PATH: No such file or directory",
    "executable file `/nonesuch` not found: No such file or directory",
    "cannot find `` in $PATH: No such file or directory",
    "open executable: Not a directory",
    'exec failed: unable to start container process: exec: "nonesuch": executable file not found in $PATH',
    'exec failed: unable to start container process: exec: "/nonesuch": stat /nonesuch: no such file or directory',
    'exec failed: unable to start container process: exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory',
  ],
  notExecutable: [
    "open executable: Permission denied",
    "open executable: Operation not permitted",
    "the path `/etc` is not a regular file: Operation not permitted",
    "exec: Exec format error",
    "exec `/script`: Permission denied",
    "exec /badformat: exec format error",
    'exec failed: unable to start container process: exec: "/noexec": permission denied',
    'exec failed: unable to start container process: exec: "/etc": is a directory',
  ],
  badInterpreter: [
    "exec: No such file or directory",
    "exec `/run.sh`: No such file or directory",
    "exec container process (missing dynamic library?) `/run.sh`: No such file or directory",
    "exec /late.sh: no such file or directory",
  ],
  badWorkDir: [
    "chdir `/missing`: No such file or directory",
    "chdir to `/missing`: Not a directory",
    'exec failed: unable to start container process: chdir to cwd ("/missing") set in config.json failed: no such file or directory',
    "the working directory is not accessible from the current namespace: No such file or directory",
  ],
  containerPaused: [
    "the container `c1` is paused",
    "exec failed: cannot exec in a paused container (use --ignore-paused to override)",
  ],
  containerNotRunning: [
    "the container `c1` is not running",
    "container not running",
    "container `c1` does not exist: error opening file `/run/crun/c1/status`: No such file or directory",
    "error opening file `/run/crun/c1/status`: No such file or directory",
    "container process not found, the pid was reused: No such process",
    "exec failed: cannot exec in a stopped container",
    "exec failed: container does not exist",
    "container does not exist",
  ],
  badUser: [
    "setresuid to `5`: Invalid argument",
    "exec failed: unable to start container process: unable to setup user: x",
  ],
  runtime: [
    "something nobody has seen before",
    "",
    // The rest of these texts was chosen by a user.
    "writing file `/cgroup/the container `c1` is paused`: No space left on device",
  ],
} as const;

describe("a runtime's error text", () => {
  for (const [kind, samples] of Object.entries(texts)) {
    it(`means ${kind} where it does`, () => {
      for (const text of samples) assert.equal(startErrorKind(text), kind, text);
    });
  }

  it("is not mistaken for another because of a name that the user chose", () => {
    assert.equal(
      startErrorKind("executable file `the container `c` is paused` not found in $PATH"),
      "notFound",
    );
    assert.equal(
      startErrorKind(
        'exec failed: unable to start container process: exec: "x: permission denied": executable file not found in $PATH',
      ),
      "notFound",
    );
    assert.equal(
      startErrorKind("chdir to `/exec: no such file or directory`: Not a directory"),
      "badWorkDir",
    );
  });

  it("is about the execution itself only if it begins so", () => {
    for (const text of [...texts.badInterpreter.slice(0, 2), "exec /late.sh: no such file or directory"]) {
      assert.equal(isLateFailure(text), true, text);
    }
    for (const text of ["the container `c` is paused", "executable file `x` not found in $PATH", ""]) {
      assert.equal(isLateFailure(text), false, text);
    }
  });
});
