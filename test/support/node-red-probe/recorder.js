const { appendFileSync, closeSync, openSync } = require("node:fs");
const { join } = require("node:path");
const { serialize } = require("node:v8");

/**
 * Writes down what reaches it before it is done with it, so that a Node-RED that is killed has told everything that it had
 * delivered. A message's `record` says to which folder and under which name. With `dieAt`, this Node-RED dies at the
 * message of that kind or number, instead of taking it; with `stopAt`, it is told to end while one is on its way. Once each.
 */
module.exports = (RED) => {
  const life = `${Date.now()}-${process.pid}`;
  const counts = new Map();

  RED.hooks.add("preDeliver.recorder", ({ msg, destination: { node } }) => {
    if (node.type !== "recorder" || msg.record.stopAt !== node.what) return;
    // As if the signal had been noticed in the same turn of the event loop, right after the message was sent.
    if (isFirst(msg.record, "stopped")) process.emit("SIGTERM", "SIGTERM");
  });

  RED.nodes.registerType("recorder", function (definition) {
    RED.nodes.createNode(this, definition);
    this.what = definition.what;
    this.on("input", (message, _send, done) => {
      const { folder, job, dieAt } = message.record;
      const number = (counts.get(job) ?? 0) + 1;
      counts.set(job, number);
      if ((dieAt === this.what || dieAt === number) && isFirst(message.record, "died")) {
        process.kill(process.pid, "SIGKILL");
      }
      appendFileSync(join(folder, `${job}.${life}`), framed(serialize(describe(this.what, message))));
      done();
    });
  });
};

function describe(what, { sessionId, stream, offset, parts, payload, missing, rc, error }) {
  return {
    ...{ what, sessionId, stream, offset, missing, rc, index: parts?.index, count: parts?.count },
    payload: Buffer.isBuffer(payload) ? payload : undefined,
    error: error && { code: error.code, text: error.message },
  };
}

function framed(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Remembered over the lives of Node-RED. */
function isFirst({ folder, job }, event) {
  try {
    closeSync(openSync(join(folder, `${job}.${event}`), "wx"));
    return true;
  } catch {
    return false;
  }
}
