import assert from "node:assert/strict";
import fc from "fast-check";
import { showValue } from "../../src/session/session-error.ts";
import { createSessionId, isSessionId, parseSessionIdPrefix } from "../../src/session/session-id.ts";

const hexDigit = fc.constantFrom(..."0123456789abcdef");

describe("a session's id", () => {
  it("is 64 lower-case hexadecimal digits, another one each time", () => {
    const ids = Array.from({ length: 1000 }, createSessionId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
  });

  it("may be given by any beginning of it", () => {
    fc.assert(
      fc.property(fc.array(hexDigit, { minLength: 1, maxLength: 64 }), (digits) => {
        const prefix = digits.join("");
        assert.equal(parseSessionIdPrefix(prefix), prefix);
        assert.equal(isSessionId(prefix), prefix.length === 64);
      }),
    );
  });

  it("is nothing else, whatever text is given", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 70 }), (text) => {
        fc.pre(!/^[0-9a-f]{1,64}$/.test(text));
        assert.throws(() => parseSessionIdPrefix(text), { code: "EXEC_INVALID_SESSION_ID" });
        assert.equal(isSessionId(text), false);
      }),
    );
  });

  for (const raw of [
    "",
    "../x",
    "..",
    "abc/def",
    "ABCDEF",
    " abc",
    "abc\n",
    "abc\0",
    "0x1f",
    "xyz",
    `${"a".repeat(64)}\n`,
    "a".repeat(65),
    12,
    null,
    undefined,
    ["abc"],
  ]) {
    it(`is refused as ${showValue(raw)}`, () => {
      assert.throws(() => parseSessionIdPrefix(raw), {
        code: "EXEC_INVALID_SESSION_ID",
        message: `A session id must be 1 to 64 lower-case hexadecimal digits; got ${showValue(raw)}.`,
      });
    });
  }
});
