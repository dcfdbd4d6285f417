import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HOST_MAIN } from "../support/host-world.ts";

const CLIENT = new URL("../../src/client/connect-session-host.ts", import.meta.url);
const HOST = new URL("run-host.ts", HOST_MAIN);

describe("node-http", () => {
  for (const [who, url] of Object.entries({ "a session host": HOST, "a client": CLIENT })) {
    it(`is all of HTTP that ${who} loads`, async () => {
      const program = `await import("${url}"); console.log(JSON.stringify(process.moduleLoadList));`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
      const loaded: string[] = JSON.parse(stdout);
      assert.ok(loaded.includes("NativeModule http"));
      assert.deepEqual(
        loaded.filter((name) => name.includes("undici")),
        [],
      );
    });
  }
});
