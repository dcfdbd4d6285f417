import assert from "node:assert/strict";
import fc from "fast-check";
import type { ExecSession } from "../../src/session/exec-session.ts";
import { formatRecord, type ParsedRecord, parseRecord } from "../../src/store/session-record.ts";
import { sampleSession } from "../support/sample-session.ts";

const SESSION = sampleSession({
  revision: 4,
  state: "stopped",
  startedAt: "2026-01-02T03:04:06.000Z",
  identity: { pid: 42, startTime: 1.5, bootId: "b", none: null },
  end: {
    exitCode: 137,
    signal: "SIGKILL",
    reason: "timeout",
    startError: { kind: "badUser", text: "" },
    startedAt: null,
    endedAt: "2026-01-02T03:04:07Z",
    heldOpen: false,
    truncated: 0,
  },
});

/** Values that no field of a record may all have. */
const junk = [undefined, null, true, -1, 0.5, "", "x", [], [null], {}, { x: { y: 1 } }];

describe("session record", () => {
  it("is read as it was written", () => {
    assert.deepEqual(parse(formatRecord(SESSION)), { kind: "session", session: SESSION });
  });

  it("is read as it was written, whatever the user's own texts are", () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), fc.dictionary(text, text), (args, labels) => {
        const config = { ...SESSION.config, command: ["sh", ...args], labels: withoutEmptyName(labels) };
        const session: ExecSession = { ...SESSION, config };
        assert.deepEqual(parse(formatRecord(session)), { kind: "session", session });
      }),
    );
  });

  it("is no record if any field is missing or of a wrong kind, and says which field", () => {
    for (const path of fieldPaths(SESSION)) {
      const refused = junk.filter((value) => {
        const record = changed(JSON.parse(formatRecord(SESSION)), path, value);
        const parsed = parse(JSON.stringify(record));
        if (parsed.kind === "unreadable" && path[0] !== "id")
          assert.match(parsed.reason, new RegExp(path[0] ?? ""));
        return parsed.kind === "unreadable";
      });
      assert.ok(refused.includes(undefined) || hasDefault(path), `${path.join(".")} may be missing`);
      assert.ok(
        refused.length >= MIN_REFUSED,
        `${path.join(".")} is only refused as ${JSON.stringify(refused)}`,
      );
    }
  });

  it("has an end exactly when it is stopped", () => {
    for (const change of [{ state: "running" }, { state: "created" }, { end: null }] as const) {
      assert.equal(parse(formatRecord({ ...SESSION, ...change })).kind, "unreadable");
    }
    assert.equal(parse(formatRecord({ ...SESSION, state: "running", end: null })).kind, "session");
  });

  it("needs a schema number that some version can have written", () => {
    const kinds = [0, -1, 1.5, "1", null, 1, 2, 1e9].map(
      (schema) => parse(JSON.stringify({ ...SESSION, schema })).kind,
    );
    const unreadable = ["unreadable", "unreadable", "unreadable", "unreadable", "unreadable"];
    assert.deepEqual(kinds, [...unreadable, "session", "newer", "newer"]);
  });

  it("is never an uncaught error, whatever is in the file", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), tornRecord()), (text) => {
        assert.ok(["unreadable", "legacy", "newer"].includes(parse(text).kind));
      }),
    );
  });
});

/** So many kinds of junk at least are wrong everywhere. */
const MIN_REFUSED = 5;

function parse(text: string): ParsedRecord {
  return parseRecord({ text, id: SESSION.id, writtenAtMs: 0 });
}

function tornRecord(): fc.Arbitrary<string> {
  const text = formatRecord(SESSION);
  return fc.nat(text.length - 1).map((length) => text.slice(0, length));
}

/** Every field of a record, and every field of its parts; not the names that users choose. */
function fieldPaths(session: ExecSession): readonly (readonly string[])[] {
  return Object.entries(session).flatMap(([name, value]) => {
    const parts = isPlainObject(value) && name !== "identity" ? Object.keys(value) : [];
    return [[name], ...parts.map((part) => [name, part])];
  });
}

/** The configuration's schema is that of what users give, who may leave fields out. */
function hasDefault(path: readonly string[]): boolean {
  return path[0] === "config" && path[1] !== undefined;
}

function changed(
  record: Record<string, unknown>,
  [name = "", part]: readonly string[],
  value: unknown,
): unknown {
  const inner = record[name];
  if (part === undefined || !isPlainObject(inner)) return { ...record, [name]: value };
  return { ...record, [name]: { ...inner, [part]: value } };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutEmptyName(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== "" && name !== "__proto__"));
}
