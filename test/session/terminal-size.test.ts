import assert from "node:assert/strict";
import { showValue } from "../../src/session/session-error.ts";
import { parseTerminalSize } from "../../src/session/terminal-size.ts";

describe("a terminal's size", () => {
  for (const size of [
    { columns: 1, rows: 1 },
    { columns: 80, rows: 24 },
    { columns: 65535, rows: 65535 },
  ]) {
    it(`may be ${size.columns} columns by ${size.rows} rows`, () => {
      assert.deepEqual(parseTerminalSize(size), size);
    });
  }

  it("leaves out whatever else the value holds", () => {
    assert.deepEqual(parseTerminalSize({ columns: 80, rows: 24, height: 1 }), { columns: 80, rows: 24 });
  });

  for (const value of [
    0,
    -1,
    0.5,
    80.5,
    65536,
    2 ** 32,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "80",
    "",
    true,
    [80],
    80n,
    null,
    undefined,
  ]) {
    const shown = showValue(value);
    it(`is refused with ${typeof value} ${shown} columns, and with as many rows`, () => {
      for (const field of ["columns", "rows"]) {
        assert.throws(() => parseTerminalSize({ columns: 80, rows: 24, [field]: value }), {
          code: "EXEC_INVALID_SIZE",
          message: `"${field}" must be a whole number from 1 to 65535; got ${shown}.`,
          details: { field },
        });
      }
    });
  }

  for (const raw of [undefined, null, "80x24", 80, [80, 24], {}, { width: 80, height: 24 }]) {
    it(`is refused as ${showValue(raw)}`, () => {
      assert.throws(() => parseTerminalSize(raw), {
        code: "EXEC_INVALID_SIZE",
        message: '"columns" must be a whole number from 1 to 65535; got undefined.',
      });
    });
  }
});
