/** Tells the test, which is the parent process, what happens in this Node-RED. A node of the type `probe` only takes messages. */
module.exports = (RED) => {
  RED.server.once("listening", () => process.send({ kind: "ready", port: RED.server.address().port }));
  RED.events.on("flows:started", () => process.send({ kind: "started" }));
  RED.hooks.add("preDeliver.probe", ({ msg, destination }) => {
    if (destination.node.type === "probe")
      process.send({ kind: "message", to: destination.id, message: msg });
  });
  RED.events.on("node-status", ({ id, status }) => process.send({ kind: "status", of: id, status }));
  RED.nodes.registerType("probe", function (definition) {
    RED.nodes.createNode(this, definition);
    this.on("input", (_message, _send, done) => done());
  });
};
