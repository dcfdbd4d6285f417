/**
 * Tells the test, which is the parent process, what happens in this Node-RED. A node of the type `probe` only takes messages;
 * with `closeMs`, a deploy that closes it takes so long.
 */
module.exports = (RED) => {
  let untold = 0;
  const told = new Set();
  const tell = (news) => {
    untold++;
    process.send(news, () => {
      if (--untold === 0) for (const callback of told) callback();
    });
  };
  RED.server.once("listening", () => tell({ kind: "ready", port: RED.server.address().port }));
  RED.events.on("flows:started", () => tell({ kind: "started" }));
  RED.events.on("node-status", ({ id, status }) => tell({ kind: "status", of: id, status }));
  RED.nodes.registerType("probe", function (definition) {
    RED.nodes.createNode(this, definition);
    this.on("input", (message, _send, done) => {
      tell({ kind: "message", to: this.id, message });
      done();
    });
    // At its end Node-RED waits for its nodes, and so until the test has been told everything.
    this.on("close", (done) => {
      if (definition.closeMs !== undefined) return setTimeout(done, definition.closeMs);
      if (untold === 0) return done();
      const callback = () => {
        told.delete(callback);
        done();
      };
      told.add(callback);
    });
  });
};
