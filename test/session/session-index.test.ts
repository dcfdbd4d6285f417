import assert from "node:assert/strict";
import fc from "fast-check";
import type { SessionState } from "../../src/session/exec-session.ts";
import { showValue } from "../../src/session/session-error.ts";
import { createSessionId } from "../../src/session/session-id.ts";
import { SessionIndex } from "../../src/session/session-index.ts";
import { createLiveSession } from "../support/live-session.ts";

describe("the session index", () => {
  it("finds a session by any beginning that no other id has, and nothing by any other", () => {
    // Few different digits, so that ids begin alike often.
    const digits = (length: fc.ArrayConstraints) =>
      fc.array(fc.constantFrom("a", "b"), length).map((list) => list.join(""));
    const ids = fc.uniqueArray(digits({ minLength: 4, maxLength: 4 }).map((head) => head.padEnd(64, "0")));
    fc.assert(
      fc.property(ids, digits({ minLength: 1, maxLength: 6 }), (present, prefix) => {
        const index = indexOf(present);
        const matches = present.filter((id) => id.startsWith(prefix));
        const outcome = matches.length === 1 ? matches[0] : errorCode(matches.length);
        assert.equal(find(index, prefix), outcome);
        for (const id of present) assert.equal(find(index, id), id);
      }),
    );
  });

  it("finds a whole id, and no other", () => {
    const id = createSessionId();
    const index = indexOf([id]);
    assert.equal(index.find(id).record.id, id);
    assert.equal(find(index, createSessionId()), "EXEC_SESSION_NOT_FOUND");
  });

  it("forgets a session that is taken out", () => {
    const index = indexOf(["a".repeat(64), "b".repeat(64)]);
    index.delete(index.find("a"));
    assert.equal(find(index, "a"), "EXEC_SESSION_NOT_FOUND");
    assert.deepEqual(Array.from(index.values(), ids), ["b".repeat(64)]);
  });

  it("gives those that have not ended without those that have", () => {
    const states = ["created", "running", "stopped"] as const;
    const index = new SessionIndex();
    for (const [digit, state] of states.entries())
      index.add(createLiveSession({ id: `${digit}`.repeat(64), state }));
    const near = (state: SessionState | undefined) =>
      Array.from(index.near(state), (session) => session.record.state);
    assert.deepEqual(near("running"), ["created", "running"]);
    assert.deepEqual([near("stopped"), near(undefined)], [states, states]);
    index.noteEnded(index.find("1"));
    assert.deepEqual(near("created"), ["created"]);
    index.delete(index.find("0"));
    assert.deepEqual([near("created"), near(undefined)], [[], ["running", "stopped"]]);
  });

  it("says that there is no such session, and why that may be", () => {
    assert.throws(() => indexOf([]).find("abc"), {
      code: "EXEC_SESSION_NOT_FOUND",
      message: "There is no session abc; it may have been removed.",
      details: { sessionId: "abc" },
    });
  });

  it("says which sessions a beginning could mean, and what to do", () => {
    const present = [`ab1${"0".repeat(61)}`, `ab2${"0".repeat(61)}`, "c".repeat(64)];
    assert.throws(() => indexOf(present).find("ab"), {
      code: "EXEC_SESSION_AMBIGUOUS",
      message: "2 session ids begin with ab; give more digits.",
      details: { sessionId: "ab", matches: present.slice(0, 2) },
    });
  });

  for (const raw of ["", "../x", "ABC", "a".repeat(65), 7, null, undefined]) {
    it(`refuses ${showValue(raw)} as an id`, () => {
      assert.throws(() => indexOf([]).find(raw), { code: "EXEC_INVALID_SESSION_ID" });
    });
  }
});

function indexOf(sessionIds: readonly string[]): SessionIndex {
  const index = new SessionIndex();
  for (const id of sessionIds) index.add(createLiveSession({ id }));
  return index;
}

function errorCode(matches: number): string {
  return matches === 0 ? "EXEC_SESSION_NOT_FOUND" : "EXEC_SESSION_AMBIGUOUS";
}

/** The id of the session that is found, or the code of the error. */
function find(index: SessionIndex, prefix: string): string {
  try {
    return ids(index.find(prefix));
  } catch (error) {
    return Object(error).code;
  }
}

function ids(session: { readonly record: { readonly id: string } }): string {
  return session.record.id;
}
