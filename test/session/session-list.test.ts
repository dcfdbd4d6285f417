import assert from "node:assert/strict";
import { parseExecConfig } from "../../src/session/exec-config.ts";
import { matchesFilter, summarizeSession } from "../../src/session/session-list.ts";
import type { ListFilter } from "../../src/session/session-service.ts";
import { sampleSession } from "../support/sample-session.ts";

const SESSION = sampleSession({
  state: "running",
  container: { id: "4711", name: "web", stopTimeout: null },
  config: parseExecConfig({
    command: ["sh", "-c", "sleep 9"],
    env: { TOKEN: "s3cr3t" },
    labels: { job: "dump", night: "" },
  }),
  pid: 4242,
});
const ROW = summarizeSession(SESSION);

describe("a row of the session list", () => {
  it("tells what the session is and how it is, and nothing of its environment", () => {
    assert.deepEqual(ROW, {
      id: SESSION.id,
      state: "running",
      legacy: false,
      command: ["sh", "-c", "sleep 9"],
      containerId: "4711",
      pid: 4242,
      createdAt: SESSION.createdAt,
      labels: { job: "dump", night: "" },
      end: null,
    });
  });
});

describe("a list filter", () => {
  for (const filter of [
    {},
    { labels: {} },
    { container: "4711" },
    { state: "running" },
    { labels: { job: "dump" } },
    { labels: { night: "" } },
    { container: "4711", state: "running", labels: { job: "dump", night: "" } },
  ] satisfies ListFilter[]) {
    it(`${JSON.stringify(filter)} takes a session that has all of it`, () => {
      assert.equal(matchesFilter(ROW, filter), true);
    });
  }

  for (const filter of [
    { container: "47" },
    { state: "stopped" },
    { labels: { job: "vacuum" } },
    { labels: { night: "1" } },
    { labels: { job: "dump", owner: "me" } },
    { labels: { toString: "x" } },
    { container: "4711", state: "created" },
    { container: "4712", state: "running" },
  ] satisfies ListFilter[]) {
    it(`${JSON.stringify(filter)} leaves out a session that lacks any of it`, () => {
      assert.equal(matchesFilter(ROW, filter), false);
    });
  }
});
