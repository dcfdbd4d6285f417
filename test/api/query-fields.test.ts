import assert from "node:assert/strict";
import { parseQuery } from "../../src/api/query-fields.ts";
import { runtimeParameters, toRuntimeSpec } from "../../src/api/runtime-fields.ts";
import { sessionCalls } from "../../src/api/session-calls.ts";
import { isSessionError } from "../../src/session/session-error.ts";

const { attachSession, stopSession, listSessions, resizeSession } = sessionCalls;

describe("query parameters", () => {
  it("become numbers, truths and objects, or are absent", () => {
    const attach = (text: string) => parseQuery(attachSession.query, new URLSearchParams(text));
    assert.deepEqual(attach(""), {});
    assert.deepEqual(attach("offset=9007199254740991&interactive=1&consumer=a%20b"), {
      offset: 9_007_199_254_740_991,
      interactive: true,
      consumer: "a b",
    });
    assert.deepEqual(attach("interactive=False"), { interactive: false });
    const stop = (text: string) => parseQuery(stopSession.query, new URLSearchParams(text)).t;
    assert.deepEqual(["t=0", "t=2.5", "t=1e-7"].map(stop), [0, 2.5, 1e-7]);
    const filters = encodeURIComponent('{"labels":{"a":"b"},"state":"running"}');
    assert.deepEqual(parseQuery(listSessions.query, new URLSearchParams(`filters=${filters}`)), {
      filters: { labels: { a: "b" }, state: "running" },
    });
  });

  for (const [call, text, sentence] of [
    [attachSession, "offset=-1", '"offset" must be a whole number of bytes from 0; got "-1".'],
    [attachSession, "offset=", '"offset" must be a whole number of bytes from 0; got "".'],
    [
      attachSession,
      "offset=9007199254740993",
      '"offset" must be a whole number of bytes from 0; got "9007199254740993".',
    ],
    [attachSession, "interactive=yes", '"interactive" must be true or false; got "yes".'],
    [attachSession, "offest=1", 'There is no parameter "offest"; allowed: offset, interactive, consumer.'],
    [stopSession, "t=Infinity", '"t" must be a number of seconds from 0; got "Infinity".'],
    [
      listSessions,
      "filters=[]",
      '"filters" must be a JSON object with at most "container", "state" and "labels"; got "[]".',
    ],
    [
      listSessions,
      "filters={",
      '"filters" must be a JSON object with at most "container", "state" and "labels"; got "{".',
    ],
    [
      listSessions,
      'filters={"label":{}}',
      '"filters" must be a JSON object with at most "container", "state" and "labels"; got "{\\"label\\":{}}".',
    ],
  ] as const) {
    it(`such as ${text} are refused in a sentence`, () => {
      assert.throws(
        () => parseQuery(call.query, new URLSearchParams(text)),
        (error) => {
          assert.ok(isSessionError(error));
          assert.deepEqual([error.code, error.message], ["EXEC_INVALID_ARGUMENT", sentence]);
          return true;
        },
      );
    });
  }

  it("that only Docker's clients add are ignored where Docker has the call too", () => {
    assert.deepEqual(parseQuery(resizeSession.query, new URLSearchParams("h=1&w=2&running=true")), {
      h: "1",
      w: "2",
    });
  });

  it("name a runtime, and carry it to the other end", () => {
    const spec = { kind: "runc", path: "/opt/a b", root: "/run/ü&c" } as const;
    const sent = new URLSearchParams(runtimeParameters(spec));
    const { createSession } = sessionCalls;
    assert.deepEqual(toRuntimeSpec(parseQuery(createSession.query, new URLSearchParams(String(sent)))), spec);
    assert.equal(toRuntimeSpec({}), undefined);
    assert.deepEqual(toRuntimeSpec({ runtime: "crun" }), { kind: "crun", path: "", root: "" });
  });
});
