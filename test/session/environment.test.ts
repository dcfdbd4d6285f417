import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { environmentFault, environmentSchema } from "../../src/session/environment.ts";
import { showValue } from "../../src/session/session-error.ts";

describe("an environment", () => {
  it("is values by name, given so or as a list of NAME=value", () => {
    const variables = {
      PATH: "/bin:/sbin",
      EMPTY: "",
      EQUATION: "a=b=c",
      "not a shell name": "x",
      toString: "y",
    };
    const list = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    assert.deepEqual(environmentSchema.parse(variables), variables);
    assert.deepEqual(environmentSchema.parse(list), variables);
  });

  it("takes the last of equal names in a list, as a shell does", () => {
    assert.deepEqual(environmentSchema.parse(["A=1", "B=2", "A=3"]), { A: "3", B: "2" });
  });

  it("may come from another realm, as objects of a function node do", () => {
    assert.deepEqual(environmentSchema.parse(runInNewContext("({ A: '1' })")), { A: "1" });
    assert.deepEqual(environmentSchema.parse(runInNewContext("['A=1']")), { A: "1" });
  });

  for (const [raw, fault] of [
    [[""], "entry 1 has no ="],
    [["A=1", "B"], "entry 2 has no ="],
    [["A=1", "=2"], "entry 2 has no name"],
    [["A=1", 2], "entry 2 is a number"],
    [["A=1", undefined], "entry 2 is undefined"],
    [["A=1", null], "entry 2 is null"],
    [new Array(1), "entry 1 is undefined"],
    [[["A", "1"]], "entry 1 is a list"],
    [["A\0=1"], 'the name "A\\u0000" has a NUL byte'],
    [["A=\0"], 'the value of "A" has a NUL byte'],
    [["__proto__=1"], "the name __proto__ is not possible"],
    [{ "": "1" }, "a name is empty"],
    [{ "A=secret": "1" }, 'the name "A" is followed by a ='],
    [{ "A\0": "1" }, 'the name "A\\u0000" has a NUL byte'],
    [{ A: "1\0" }, 'the value of "A" has a NUL byte'],
    [{ A: "1", PORT: 8080 }, 'the value of "PORT" is a number'],
    [{ A: null }, 'the value of "A" is null'],
    [{ A: undefined }, 'the value of "A" is undefined'],
    [{ A: ["1"] }, 'the value of "A" is a list'],
    [{ A: { B: "1" } }, 'the value of "A" is an object'],
    [JSON.parse('{"__proto__":"1"}'), "the name __proto__ is not possible"],
    ["A=1", "it is a string"],
    [7, "it is a number"],
    [null, "it is null"],
    [true, "it is a boolean"],
    [new Map([["A", "1"]]), "it is an object"],
    [Buffer.from("A=1"), "it is an object"],
  ] as const) {
    it(`is not ${showValue(raw)}: ${fault}`, () => {
      assert.equal(environmentFault(raw), fault);
      assert.equal(environmentSchema.safeParse(raw).success, false);
    });
  }

  it("shows no value in its fault, whatever is wrong", () => {
    const secret = "s3cr3t-value";
    const wrong = fc.constantFrom(`${secret}\0`, { [secret]: secret }, [secret], Object(secret));
    fc.assert(
      fc.property(fc.constantFrom("A", "", "A\0", "__proto__", "A="), wrong, (name, value) => {
        const faults = [
          { [name]: value },
          { [`B=${secret}`]: secret },
          { A: secret, [name]: secret, C: 1 },
          [`${name}=${secret}\0`, `=${secret}`],
          [`=${secret}`],
          [secret],
          secret,
        ].map(environmentFault);
        assert.equal(faults.join().includes(secret), false);
      }),
    );
  });
});
