import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { NamelessFile } from "../../src/process/nameless-file.ts";
import { lastError, readLastError } from "../../src/runtime/oci-log.ts";

describe("a runtime's log", () => {
  it("has its last error as the one that counts", () => {
    const lines = [
      '{"msg":"first","level":"error"}',
      '{"level":"error","msg":"second","time":"2026-11-23T14:17:55Z"}',
      '{"level":"warning","msg":"a warning"}',
      "\x1b[1;31mthe second again\x1b[0m",
      '{"level":"error","msg":"torn',
      "null",
      "7",
    ];
    assert.equal(lastError(lines.join("\n")), "second");
  });

  it("has none where there is nothing, or only warnings", () => {
    assert.equal(lastError(""), null);
    assert.equal(lastError('{"level":"warning","msg":"a warning"}\n'), null);
  });

  it("is read from its end, however long it is", () => {
    const lines = `${"x\n".repeat(200_000)}{"level":"error","msg":"at the end"}\n`;
    const log = new NamelessFile(tmpdir(), lines);
    assert.equal(readLastError(log), "at the end");
    log.close();
  });
});
