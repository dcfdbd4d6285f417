import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ShutdownSignal } from "../../src/node-red/shutdown-signal.ts";

const source = fileURLToPath(new URL("../../src/node-red/shutdown-signal.ts", import.meta.url));

describe("shutdown-signal", () => {
  it("is noticed ahead of whoever ends the process, and once only while it listens", () => {
    const before = process.listenerCount("SIGHUP");
    const noticed: boolean[] = [];
    const handler = () => noticed.push(shutdown.isReceived);
    process.on("SIGHUP", handler);
    const shutdown = new ShutdownSignal(() => Promise.reject(new Error("somebody else handles it")));
    assert.equal(shutdown.isReceived, false);
    process.emit("SIGHUP", "SIGHUP");
    assert.deepEqual(noticed, [true]);
    shutdown.close();
    process.off("SIGHUP", handler);
    assert.equal(process.listenerCount("SIGHUP"), before);
  });

  it("a process where nobody else handles the signal ends by it, after what has to be closed", async () => {
    const program = `
      const { ShutdownSignal } = await import(${JSON.stringify(source)});
      new ShutdownSignal(async () => console.log("closed"));
      setInterval(() => {}, 1000);
      console.log("ready");
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (text.includes("ready")) child.kill("SIGTERM");
    });
    const [code, signal] = await once(child, "close");
    assert.deepEqual([code, signal, output], [null, "SIGTERM", "ready\nclosed\n"]);
  });
});
