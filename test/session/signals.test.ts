import assert from "node:assert/strict";
import { constants } from "node:os";
import { showValue } from "../../src/session/session-error.ts";
import { parseSignal, signalName, signalNumber } from "../../src/session/signals.ts";

describe("a signal", () => {
  it("is given by name, with or without SIG and in any case, or by number", () => {
    const given = ["SIGTERM", "TERM", "term", "sigterm", " SigTerm ", 15, "15"];
    assert.deepEqual(new Set(given.map((raw) => parseSignal(raw))), new Set(["SIGTERM"]));
  });

  it("is known by every name and number of this machine, and numbers from 1 to 31 all have one", () => {
    const numbers = Array.from({ length: 31 }, (_, index) => index + 1);
    assert.deepEqual(
      numbers.map((number) => signalNumber(parseSignal(number))),
      numbers,
    );
    for (const [name, number] of Object.entries(constants.signals)) {
      assert.equal(signalNumber(parseSignal(name)), number);
    }
  });

  it("with several names gets the one that an exit is reported with", () => {
    assert.deepEqual(["SIGIOT", "SIGABRT", 6, "SIGPOLL", "SIGIO"].map(signalName), [
      "SIGABRT",
      "SIGABRT",
      "SIGABRT",
      "SIGIO",
      "SIGIO",
    ]);
  });

  for (const raw of [
    "",
    "SIG",
    "SIGFOO",
    "TERM KILL",
    "toString",
    "__proto__",
    "9.0",
    "-9",
    "1e1",
    0,
    -9,
    9.5,
    32,
    64,
    1000,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    null,
    undefined,
    ["SIGTERM"],
    { toString: () => "SIGTERM" },
    Object.create(null),
    9n,
  ]) {
    it(`is not ${showValue(raw)}`, () => {
      assert.equal(signalName(raw), undefined);
      assert.throws(() => parseSignal(raw), { code: "EXEC_INVALID_ARGUMENT" });
    });
  }

  it("that is none is refused with a sentence that names the field, the rule and the value", () => {
    assert.throws(() => parseSignal("SIGFOO", "stopSignal"), {
      message: `"stopSignal" must be a signal's name such as SIGTERM, or its number from 1 to 31; got "SIGFOO".`,
      details: { field: "stopSignal" },
    });
    assert.throws(() => parseSignal(32), { message: /^"signal" must be .*; got 32\.$/ });
  });
});
