import assert from "node:assert/strict";
import { assertApiVersionSpoken, assertSessionHostAnswered } from "../../src/api/api-version.ts";
import { fromWireError, toWireError, wireErrorSchema } from "../../src/api/wire-error.ts";
import { type ErrorCode, errorCodes, isSessionError, SessionError } from "../../src/session/session-error.ts";

describe("an error on the wire", () => {
  it("is the same error at the other end, whatever its code", () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const error = new SessionError(code, `About ${code}.`, {
        details: { list: [1, "a", null] },
        cause: new Error("x"),
      });
      const there = fromWireError(wireErrorSchema.parse(JSON.parse(JSON.stringify(toWireError(error)))));
      assert.deepEqual(
        [there.code, there.message, there.details, there.status],
        [code, error.message, error.details, error.status],
      );
    }
  });

  it("that is none of ours is the host's fault, and its sentence is kept", () => {
    assert.deepEqual(toWireError(new TypeError("x is not a function")), {
      message: "x is not a function",
      code: "EXEC_HOST_ERROR",
      details: {},
    });
    assert.equal(toWireError("thrown text").message, "thrown text");
  });

  it("may lack details, as one of another copy of the package can", () => {
    const foreign = Object.assign(new Error("Closed."), { code: "EXEC_CLOSED" });
    assert.deepEqual(toWireError(foreign), { message: "Closed.", code: "EXEC_CLOSED", details: {} });
    assert.deepEqual(wireErrorSchema.parse({ message: "Closed.", code: "EXEC_CLOSED" }).details, {});
  });
});

describe("the version of the API", () => {
  it("need not be named by a client, and is checked where it is", () => {
    assertApiVersionSpoken(undefined);
    assertApiVersionSpoken("1");
    for (const version of ["0", "2", "1.5", "x", "", "1, 1"]) {
      assert.throws(() => assertApiVersionSpoken(version), hasCode("EXEC_API_VERSION"));
    }
  });

  it("must be named by a session host", () => {
    assertSessionHostAnswered("1");
    for (const version of [undefined, "2", "one"]) {
      assert.throws(() => assertSessionHostAnswered(version), hasCode("EXEC_BAD_ANSWER"));
    }
  });
});

function hasCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isSessionError(error) && error.code === code;
}
