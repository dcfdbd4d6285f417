/** Settings of a Node-RED under test; the package's folder comes from the parent process. */
module.exports = {
  uiHost: "127.0.0.1",
  // A free one; the probe tells which.
  uiPort: 0,
  flowFile: "flows.json",
  credentialSecret: "secret of the test",
  nodesDir: [process.env.PACKAGE_UNDER_TEST, __dirname],
  runtimeState: { enabled: true },
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  logging: {
    parent: {
      level: "info",
      handler:
        () =>
        ({ level, msg }) =>
          process.send?.({ kind: "log", level, text: String(msg) }),
    },
  },
};
