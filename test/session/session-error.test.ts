import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  errorCodes,
  errorText,
  isSessionError,
  SessionError,
  showValue,
} from "../../src/session/session-error.ts";

describe("session errors", () => {
  it("are listed in docs/errors.md: exactly these codes, statuses and meanings, in this order", () => {
    const table = Object.entries(errorCodes).map(([code, { status, meaning }]) => ({
      code,
      status: String(status),
      meaning,
    }));
    assert.deepEqual(
      documentedCodes().map(({ code, status, meaning }) => ({ code, status, meaning })),
      table,
    );
  });

  it("each have a piece of advice in docs/errors.md", () => {
    const bare = documentedCodes().filter(({ advice }) => !/^[A-Z].*\.$/.test(advice));
    assert.deepEqual(bare, []);
  });

  it("have HTTP statuses that say whether the caller, the state of things or this side is at fault", () => {
    const statuses = new Set(Object.values(errorCodes).map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), [400, 404, 405, 408, 409, 413, 415, 500, 502, 503]);
  });

  it("carry code, status, sentence, details and cause", () => {
    const cause = new Error("disk");
    const error = new SessionError("EXEC_STORE_FAILED", "It is full.", { details: { path: "/x" }, cause });
    assert.deepEqual(
      [error.name, error.code, error.status, error.message, error.details, error.cause],
      ["SessionError", "EXEC_STORE_FAILED", 500, "It is full.", { path: "/x" }, cause],
    );
  });

  it("have no cause and empty details when none are given", () => {
    const error = new SessionError("EXEC_CLOSED", "Closed.");
    assert.deepEqual(error.details, {});
    assert.equal("cause" in error, false);
  });
});

describe("isSessionError", () => {
  it("goes by the code, so an error of another copy of the package counts", () => {
    assert.equal(isSessionError(Object.assign(new Error("Closed."), { code: "EXEC_CLOSED" })), true);
  });

  it("knows no other error and no other value", () => {
    const others = [
      new Error("x"),
      Object.assign(new Error("x"), { code: "ENOENT" }),
      Object.assign(new Error("x"), { code: "toString" }),
      Object.assign(new Error("x"), { code: 1 }),
      { code: "EXEC_CLOSED" },
      "EXEC_CLOSED",
      null,
      undefined,
    ];
    assert.deepEqual(others.filter(isSessionError), []);
  });
});

describe("errorText", () => {
  it("is an error's own sentence, a thrown text, or a view of anything else", () => {
    const thrown = [new Error("No."), "No.", { reason: "No." }, undefined, Object.create(null)];
    assert.deepEqual(thrown.map(errorText), [
      "No.",
      "No.",
      "{ reason: 'No.' }",
      "undefined",
      "[Object: null prototype] {}",
    ]);
  });
});

describe("showValue", () => {
  it("shows values the way a user wrote them", () => {
    const values = [
      "",
      "80",
      80,
      -0.5,
      Number.NaN,
      true,
      null,
      undefined,
      ["sh", 1],
      { columns: 0, rows: 24 },
    ];
    assert.deepEqual(values.map(showValue), [
      '""',
      '"80"',
      "80",
      "-0.5",
      "NaN",
      "true",
      "null",
      "undefined",
      "[ 'sh', 1 ]",
      "{ columns: 0, rows: 24 }",
    ]);
  });

  it("keeps a sentence on one line: line breaks and NUL bytes are escaped", () => {
    assert.equal(showValue("a\nb\0c"), '"a\\nb\\u0000c"');
    assert.equal(showValue({ a: "x\ny", b: ["\n"] }), "{ a: 'x\\ny', b: [ '\\n' ] }");
    assert.equal(showValue(new Error("no")).includes("\n"), false);
  });

  it("shows what JSON has no words for: circles, big integers, symbols, functions, throwing getters", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const throwing = {
      get columns() {
        throw new Error("never asked");
      },
    };
    const shown = [circle, { columns: 1n }, Symbol("s"), parseInt, throwing].map(showValue);
    assert.deepEqual(shown, [
      "<ref *1> { self: [Circular *1] }",
      "{ columns: 1n }",
      "Symbol(s)",
      "[Function: parseInt]",
      "{ columns: [Getter] }",
    ]);
  });

  it("cuts a long value at 80 characters, and never through a character", () => {
    assert.equal(showValue("x".repeat(1_000_000)), `"${"x".repeat(79)}…`);
    assert.equal(showValue("x".repeat(78)), `"${"x".repeat(78)}"`);
    assert.equal(showValue(new Array(1_000_000).fill(1)).length, 81);
    assert.equal(showValue("😀".repeat(80)).isWellFormed(), true);
  });
});

interface DocumentedCode {
  readonly code: string;
  readonly status: string;
  readonly meaning: string;
  readonly advice: string;
}

/** The rows of the document's one table. */
function documentedCodes(): DocumentedCode[] {
  const text = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `EXEC_"));
  return rows.map((row) => {
    const [code = "", status = "", meaning = "", advice = "", ...more] = row.slice(1, -1).split("|");
    assert.deepEqual(more, [], `a row has four cells: ${row}`);
    return {
      code: code.trim().replaceAll("`", ""),
      status: status.trim(),
      meaning: meaning.trim(),
      advice: advice.trim(),
    };
  });
}
