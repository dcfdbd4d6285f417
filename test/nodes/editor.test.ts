import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { foreseeSharedFate } from "../../src/client/shared-fate.ts";
import { EXEC_CONTAINER_DEFAULTS } from "../../src/node-red/exec-container-definition.ts";
import { EXEC_CREATE_DEFAULTS } from "../../src/node-red/exec-create-definition.ts";
import { EXEC_REMOVE_DEFAULTS } from "../../src/node-red/exec-remove-node.ts";
import { EXEC_RESIZE_DEFAULTS } from "../../src/node-red/exec-resize-node.ts";
import { EXEC_START_DEFAULTS } from "../../src/node-red/exec-start-definition.ts";
import { EXEC_STOP_DEFAULTS } from "../../src/node-red/exec-stop-node.ts";
import { launchBrowser, NodeRedEditor } from "../support/node-red-editor.ts";
import { NODE_RED_START_MS, NODE_RED_VERSIONS, ProbedNodeRed } from "../support/probed-node-red.ts";
import { describeNeeding } from "../support/requirements.ts";

/** What a flow means that leaves everything out, by node type. */
const DEFAULTS: Readonly<Record<string, object>> = {
  "exec-container": EXEC_CONTAINER_DEFAULTS,
  "exec-create": EXEC_CREATE_DEFAULTS,
  "exec-start": EXEC_START_DEFAULTS,
  "exec-stop": EXEC_STOP_DEFAULTS,
  "exec-remove": EXEC_REMOVE_DEFAULTS,
  "exec-resize": EXEC_RESIZE_DEFAULTS,
};

const TYPES = ["exec-create", "exec-start", "exec-stop", "exec-remove", "exec-resize"] as const;
const container = { id: "container", type: "exec-container" };

for (const version of NODE_RED_VERSIONS) {
  describeNeeding(["chromium"], `editor of Node-RED ${version}`, function () {
    this.timeout(NODE_RED_START_MS);
    let nodeRed: ProbedNodeRed;
    let browser: Browser;
    let editor: NodeRedEditor;

    before(async () => {
      nodeRed = await ProbedNodeRed.start(version);
      browser = await launchBrowser();
      editor = await NodeRedEditor.open(browser, nodeRed.url);
    });

    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });

    afterEach(async () => {
      await editor.clear();
      assert.deepEqual(editor.errors, []);
    });

    it("the palette has the five nodes in a category of their own", async () => {
      const labels = editor.page.locator("#red-ui-palette-base-category-containers .red-ui-palette-label");
      const words = (await labels.allTextContents()).map((text) => text.replace(/[^a-z]+/g, " "));
      assert.deepEqual(words.sort(), [
        "exec create",
        "exec remove",
        "exec resize",
        "exec start",
        "exec stop",
      ]);
      const category = editor.page.locator("#red-ui-palette-header-containers span");
      assert.equal(await category.textContent(), "containers");
    });

    it("a new node is not valid until it has a container, and exec-create a command", async () => {
      const problems: Record<string, readonly string[]> = {};
      for (const type of TYPES) {
        await editor.dropNode(type, type);
        problems[type] = await editor.problems(type);
      }
      const [create = [], ...others] = Object.values(problems);
      assert.deepEqual(create.length, 2, String(create));
      assert.match(String(create), /list of texts, the program first/);
      for (const other of others) assert.equal(other.length, 1, String(other));
    });

    it("a node that leaves out all but its container is valid, but exec-create, which needs a command", async () => {
      await editor.importNodes([
        container,
        ...TYPES.map((type) => ({ id: type, type, container: "container" })),
      ]);
      for (const type of TYPES.slice(1)) assert.deepEqual(await editor.problems(type), [], type);
      assert.equal((await editor.problems("exec-create")).length, 1);
    });

    it("the dialogs begin with what a flow means that leaves everything out", async () => {
      const inEditor = await editor.evaluate<Record<string, Record<string, unknown>>>(
        `Object.fromEntries(${JSON.stringify(Object.keys(DEFAULTS))}.map((type) => [type,
          Object.fromEntries(Object.entries(RED.nodes.getType(type).defaults)
            .filter(([name]) => name !== "name" && name !== "container" || type === "exec-container" && name !== "name")
            .map(([name, { value }]) => [name, value]))]))`,
      );
      assert.deepEqual(inEditor, DEFAULTS);
    });

    it("every text of every dialog, port and node is in the catalogue", async () => {
      await editor.importNodes([
        container,
        ...TYPES.map((type) => ({ id: type, type, container: "container" })),
      ]);
      for (const type of ["container", ...TYPES]) {
        await editor.openDialog(type);
        const texts = [...(await editor.dialogTexts()), ...(await labelsOf(editor, type))];
        assert.ok(texts.length > 4, type);
        assert.deepEqual(texts.filter(isKey), [], type);
        await editor.cancel();
      }
    });

    for (const type of TYPES) {
      it(`a dialog of ${type} that is opened and closed leaves a complete node as it was`, async () => {
        await editor.importNodes([container]);
        await editor.dropNode("node", type);
        await editor.evaluate(`RED.nodes.node("node").container = "container"`);
        const before = await editor.fields("node");
        await editor.openDialog("node");
        await editor.done();
        assert.deepEqual(await editor.fields("node"), before);
      });

      it(`a dialog of ${type} opens its container configuration, and a new one`, async () => {
        await editor.dropNode("container", "exec-container");
        await editor.importNodes([{ id: "node", type, container: "container" }]);
        await editor.openDialog("node");
        for (const button of ["edit", "add"]) {
          await editor.page.click(`#node-input-btn-container-${button}`);
          await editor.page.locator("#exec-container-tabs").waitFor();
          await editor.page.click("#node-config-dialog-cancel");
          await editor.page.locator("#exec-container-tabs").waitFor({ state: "detached" });
        }
        await editor.cancel();
      });

      it(`a dialog of ${type} fills in what a flow left out`, async () => {
        await editor.importNodes([container, { id: "node", type, container: "container" }]);
        await editor.dropNode("new", type);
        await editor.openDialog("node");
        await editor.done();
        assert.deepEqual(await editor.fields("node"), {
          ...(await editor.fields("new")),
          container: "container",
        });
      });
    }

    it("exec-create saves the values of all three tabs", async () => {
      await editor.importNodes([container, { id: "node", type: "exec-create", container: "container" }]);
      await editor.openDialog("node");
      const { page } = editor;
      await editor.setTyped("#exec-create-args .exec-sessions-value:first", "str", "tar");
      await page.click("#exec-create-tab-command .red-ui-editableList-addButton");
      await editor.setTyped("#exec-create-args .exec-sessions-value:last", "msg", "payload.file");
      await page.check("#node-input-tty");
      await editor.setTyped("#node-input-columns", "num", "120");
      await editor.setTyped("#node-input-rows", "flow", "rows");
      await editor.openTab("exec-create-tab-environment");
      await editor.setTyped("#node-input-user", "jsonata", "$uppercase(topic)");
      await page.click("#exec-create-tab-environment .red-ui-editableList-addButton");
      await page.fill("#exec-create-env .exec-sessions-name", "LANG");
      await editor.setTyped("#exec-create-env .exec-sessions-value", "env", "LANG");
      await editor.openTab("exec-create-tab-advanced");
      await page.selectOption("#node-input-outputPolicy", "block");
      await editor.setTyped("#node-input-timeout", "num", "2.5");
      await editor.setTyped("#node-input-detachKeys", "off", "");
      await editor.done();
      const { args, tty, columns, columnsType, rows, rowsType, ...others } = await editor.fields("node");
      assert.deepEqual(args, [
        { value: "tar", type: "str" },
        { value: "payload.file", type: "msg" },
      ]);
      assert.deepEqual(
        { tty, columns, columnsType, rows, rowsType },
        {
          tty: true,
          columns: "120",
          columnsType: "num",
          rows: "rows",
          rowsType: "flow",
        },
      );
      const { user, userType, env, outputPolicy, timeout, detachKeysType } = others;
      assert.deepEqual(
        { user, userType, env, outputPolicy, timeout, detachKeysType },
        {
          user: "$uppercase(topic)",
          userType: "jsonata",
          env: [{ name: "LANG", value: "LANG", type: "env" }],
          outputPolicy: "block",
          timeout: "2.5",
          detachKeysType: "off",
        },
      );
      assert.deepEqual(await editor.problems("node"), []);
    });

    it("a value that is not allowed is named in a sentence", async () => {
      const create = { type: "exec-create", container: "container", args: [{ value: "true", type: "str" }] };
      const wrong: Readonly<Record<string, object>> = {
        "must be a number from 0 to": { ...create, timeout: "-1", timeoutType: "num" },
        "must be a whole number from 1 to 65535": { ...create, columns: "1.5", columnsType: "num" },
        'each row needs a name without "="': { ...create, env: [{ name: "", value: "1", type: "str" }] },
        "must be a list of texts, the program first": { ...create, args: [] },
        "must not be empty": { ...create, commandKind: "shell", shellLine: "" },
        "must begin with a letter or digit": { type: "exec-container", container: "-rf" },
        "must be an absolute path": { type: "exec-container", workDir: "tmp" },
        "must be a whole number from 1 to 262144": {
          type: "exec-start",
          container: "container",
          maxSize: "0",
        },
      };
      await editor.importNodes([container]);
      for (const [sentence, fields] of Object.entries(wrong)) {
        const id = `node-${Object.keys(wrong).indexOf(sentence)}`;
        await editor.importNodes([{ id, ...fields } as typeof container]);
        const problems = await editor.problems(id);
        assert.equal(problems.length, 1, `${sentence}: ${problems}`);
        assert.ok(problems[0]?.includes(sentence), `${sentence}: ${problems}`);
      }
    });

    it("exec-start shows only what the chosen way of starting has", async () => {
      await editor.importNodes([container, { id: "node", type: "exec-start", container: "container" }]);
      await editor.openDialog("node");
      const shown = () =>
        editor.evaluate<readonly string[]>(
          `["unit", "maxSize", "errors", "endInput"].filter((name) => $("#node-input-" + name).is(":visible"))`,
        );
      assert.deepEqual(await shown(), ["unit", "errors"]);
      await editor.page.selectOption("#node-input-unit", "line");
      await editor.setTyped("#node-input-input", "msg", "payload");
      assert.deepEqual(await shown(), ["unit", "maxSize", "errors", "endInput"]);
      await editor.page.selectOption("#node-input-mode", "detached");
      assert.deepEqual(await shown(), ["endInput"]);
      await editor.cancel();
    });

    it("the dialog of exec-container says how the sessions are kept, and whether the session host runs", async () => {
      await editor.importNodes([
        { id: "kept", type: "tab", label: "kept" },
        { id: "keeper", type: "exec-container" },
        { id: "stopper", type: "exec-stop", z: "kept", container: "keeper" },
      ]);
      await deployAll(editor);
      await editor.openDialog("keeper");
      await editor.openTab("exec-container-tab-sessions");
      const state = editor.page.locator("#exec-container-host-state");
      await state.filter({ hasText: "It does not run now; it starts when a session needs it." }).waitFor();
      await editor.page.selectOption("#node-config-input-host", "inside");
      assert.equal(await state.isVisible(), false);
      await editor.cancel();
      const view = await nodeRed.get("/exec-sessions/session-host/keeper");
      const endsWith = await foreseeSharedFate();
      const { stateDir } = nodeRed;
      assert.deepEqual(view, { host: "process", stateDir, running: null, isStartedHere: true, endsWith });
      assert.equal((await fetch(`${nodeRed.url}/exec-sessions/session-host/nobody`)).status, 404);
    });

    it("the dialog of exec-container warns before the session host starts that something will end it with Node-RED", async () => {
      const endsWith = { kind: "unit", unit: "nodered.service" };
      await editor.page.route("**/exec-sessions/session-host/*", (route) =>
        route.fulfill({
          json: { host: "process", stateDir: "/nowhere", running: null, isStartedHere: false, endsWith },
        }),
      );
      await editor.importNodes([container]);
      await editor.openDialog("container");
      await editor.openTab("exec-container-tab-sessions");
      const state = editor.page.locator("#exec-container-host-state");
      await state.filter({ hasText: "start the service or the container that runs it" }).waitFor();
      const warning = editor.page.locator("#exec-container-host-warning");
      await warning.filter({ hasText: "It ends with the systemd unit nodered.service" }).waitFor();
      const link = await warning.locator("a").getAttribute("href");
      assert.match(link ?? "", /^https:.*\/docs\/session-host\.md#under-systemd$/);
      await editor.page.selectOption("#node-config-input-host", "inside");
      assert.equal(await warning.isVisible(), false);
      assert.deepEqual(
        await editor.page.locator("label[for=node-config-input-orphans] span:visible").allTextContents(),
        ["If Node-RED ends"],
      );
      await editor.cancel();
      await editor.page.unrouteAll();
    });

    it("a secret goes to the credentials, stays there when the dialog is used again, and goes with its row", async () => {
      await editor.importNodes([
        { id: "tab", type: "tab", label: "secrets" },
        { id: "secretive", type: "exec-container", environment: [{ name: "LANG", type: "str", value: "C" }] },
        { id: "user", type: "exec-stop", z: "tab", container: "secretive" },
      ]);
      await editor.openDialog("secretive");
      await editor.openTab("exec-container-tab-defaults");
      await editor.page.click("#exec-container-tab-defaults .red-ui-editableList-addButton");
      await editor.page.locator("#exec-container-environment .exec-sessions-name").last().fill("TOKEN");
      await editor.setTyped("#exec-container-environment .exec-sessions-value:last", "cred", "s3cret");
      await editor.done();
      await deployAll(editor);
      const environment = [
        { name: "LANG", type: "str", value: "C" },
        { name: "TOKEN", type: "cred", value: "secret1" },
      ];
      assert.deepEqual((await editor.fields("secretive")).environment, environment);
      assert.equal(JSON.stringify(await nodeRed.get("/flows")).includes("s3cret"), false);
      assert.equal(await hasSecret(nodeRed), true);

      await editor.close();
      editor = await NodeRedEditor.open(browser, nodeRed.url);
      await editor.openDialog("secretive");
      await editor.page.fill("#node-config-input-name", "renamed");
      await editor.done();
      await deployAll(editor);
      assert.deepEqual((await editor.fields("secretive")).environment, environment);
      assert.equal(await hasSecret(nodeRed), true);

      await editor.openDialog("secretive");
      await editor.openTab("exec-container-tab-defaults");
      await editor.page
        .locator("#exec-container-environment .red-ui-editableList-item-remove")
        .last()
        .click();
      await editor.page.waitForFunction(
        `$("#exec-container-environment").editableList("items").length === 1`,
      );
      await editor.done();
      await deployAll(editor);
      assert.deepEqual((await editor.fields("secretive")).environment, [environment[0]]);
      assert.equal(await hasSecret(nodeRed), false);
    });
  });
}

/** Labels of a node and of its ports. */
function labelsOf(editor: NodeRedEditor, id: string): Promise<readonly string[]> {
  return editor.evaluate(`(() => {
    const node = RED.nodes.node(${JSON.stringify(id)});
    const { label, inputLabels, outputLabels, outputs } = node._def;
    const ports = Array.from({ length: outputs || 0 }, (_, index) => outputLabels.call(node, index));
    return [label.call(node), ...(inputLabels ? [inputLabels.call(node)] : []), ...ports];
  })()`);
}

/** Node-RED shows the key itself where the catalogue has no text for it. */
function isKey(text: string): boolean {
  return /exec-[a-z]+\.[a-z]|^undefined$/i.test(text);
}

async function deployAll(editor: NodeRedEditor): Promise<void> {
  // An import alone does not count as a change.
  await editor.evaluate("RED.nodes.dirty(true)");
  await editor.page.click("#red-ui-header-button-deploy");
  await editor.page.waitForFunction(
    `$("#red-ui-header-button-deploy").hasClass("disabled") && !RED.nodes.dirty()`,
  );
}

async function hasSecret(nodeRed: ProbedNodeRed): Promise<boolean> {
  const credentials = (await nodeRed.get("/credentials/exec-container/secretive")) as Record<string, unknown>;
  return credentials.has_secret1 === true;
}
