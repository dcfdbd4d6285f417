import assert from "node:assert/strict";
import { parseContainerId } from "../../src/session/container-id.ts";
import { showValue } from "../../src/session/session-error.ts";

describe("a container's id or name", () => {
  for (const id of ["a", "0", "web", "db_1", "my-app.v2", "c++", "A".repeat(255), "f".repeat(64)]) {
    it(`may be ${showValue(id)}`, () => {
      assert.equal(parseContainerId(id), id);
    });
  }

  for (const raw of [
    "",
    "-it",
    "--root=/tmp",
    ".",
    "..",
    ".hidden",
    "_a",
    "+a",
    "../x",
    "a/b",
    "/web",
    "a b",
    " web",
    "web\n",
    "web\0",
    "wéb",
    "a:b",
    "a@b",
    "$(id)",
    "A".repeat(256),
    7,
    null,
    undefined,
    ["web"],
    { id: "web" },
  ]) {
    it(`is refused as ${showValue(raw)}`, () => {
      assert.throws(() => parseContainerId(raw), {
        code: "EXEC_INVALID_CONTAINER_ID",
        message: `A container id must be 1 to 255 letters, digits and _ . + -, the first a letter or digit; got ${showValue(raw)}.`,
      });
    });
  }
});
