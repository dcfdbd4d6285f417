import { type Browser, chromium, type Page } from "playwright-core";
import type { FlowNode } from "./flow-runtime.ts";
import { findTool } from "./requirements.ts";
import { waitUntil } from "./wait-until.ts";

/** No sandbox as root, and no traffic of the browser's own. */
const BROWSER_ARGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium as the system has it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findTool("chromium") ?? "", args: BROWSER_ARGS });
}

/** Node-RED's editor in a browser. */
export class NodeRedEditor {
  /** Errors of the page, and of the dialogs, whose exceptions Node-RED catches and only prints. */
  readonly errors: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (entry) => {
      if (/^(oneditprepare|oneditsave|oneditcancel)/.test(entry.text())) this.errors.push(entry.text());
    });
  }

  static async open(browser: Browser, url: string): Promise<NodeRedEditor> {
    const editor = new NodeRedEditor(await browser.newPage({ viewport: { width: 1400, height: 1000 } }));
    await editor.page.goto(url);
    await editor.page.waitForFunction(
      "window.RED && RED.nodes.getType('exec-resize') && RED.workspaces.count() > 0",
    );
    return editor;
  }

  /** Takes all nodes off the flow. */
  async clear(): Promise<void> {
    await this.evaluate(`(() => {
      const ids = [];
      RED.nodes.eachNode((node) => { ids.push(node.id); });
      RED.nodes.eachConfig((node) => { ids.push(node.id); });
      ids.forEach((id) => RED.nodes.remove(id));
      RED.view.redraw(true);
    })()`);
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** The value of a JavaScript expression in the page. */
  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate<T>(expression);
  }

  /** Puts nodes on the open flow, as an import does: what they leave out stays out. */
  async importNodes(nodes: readonly FlowNode[]): Promise<void> {
    const placed = `${JSON.stringify(nodes)}.map((node, index) => ({
      z: RED.nodes.getType(node.type).category === "config" ? undefined : RED.workspaces.active(),
      x: 200, y: 60 + 60 * index, wires: [], ...node }))`;
    await this.evaluate(`RED.nodes.import(${placed}, { generateIds: false }); RED.view.redraw(true)`);
  }

  /** Puts a new node on the open flow, as dragging it from the palette does. */
  async dropNode(id: string, type: string): Promise<void> {
    await this.evaluate(`(() => {
      const { defaults } = RED.nodes.getType(${JSON.stringify(type)});
      const fields = Object.fromEntries(Object.entries(defaults).map(([name, { value }]) => [name, value]));
      RED.nodes.import([{ ...fields, id: ${JSON.stringify(id)}, type: ${JSON.stringify(type)},
        z: RED.workspaces.active(), x: 200, y: 60, wires: [] }], { generateIds: false });
      RED.view.redraw(true);
    })()`);
  }

  /** A node's fields as the flow file gets them. */
  fields(id: string): Promise<Record<string, unknown>> {
    return this.evaluate(`(() => {
      const node = RED.nodes.node(${JSON.stringify(id)});
      return Object.fromEntries(Object.keys(node._def.defaults).map((name) => [name, node[name]]));
    })()`);
  }

  /** What is wrong with a node, in the editor's words. Empty: nothing. */
  problems(id: string): Promise<readonly string[]> {
    return this.evaluate(`(() => {
      const node = RED.nodes.node(${JSON.stringify(id)});
      RED.editor.validateNode(node);
      return (node.validationErrors || []).map(String);
    })()`);
  }

  async openDialog(id: string): Promise<void> {
    await this.evaluate(`(() => {
      const node = RED.nodes.node(${JSON.stringify(id)});
      if (node._def.category === "config") RED.editor.editConfig("", node.type, node.id);
      else RED.editor.edit(node);
    })()`);
    await this.page.locator(OK).waitFor({ state: "visible" });
    // The tray slides in; clicks before its end miss.
    await this.page.waitForFunction(
      "$('.red-ui-tray').last().css('right') === '0px' || $('.red-ui-tray').last().offset().left < innerWidth - 100",
    );
  }

  /** Closes the open dialog by its red button. */
  async done(): Promise<void> {
    await this.#close(OK);
  }

  async cancel(): Promise<void> {
    await this.#close("#node-dialog-cancel, #node-config-dialog-cancel");
  }

  /** Node-RED 4.1 takes two quick clicks on different tabs for a double click, and opens neither. */
  async openTab(id: string): Promise<void> {
    await waitUntil(`the tab ${id} opens`, async () => {
      await this.page.click(`.red-ui-tab a[href="#${id}"]`);
      return this.page.locator(`#${id}`).isVisible();
    });
  }

  /** Sets a TypedInput. */
  async setTyped(selector: string, type: string, value: string): Promise<void> {
    const field = `$(${JSON.stringify(selector)})`;
    await this.evaluate(
      `${field}.typedInput("type", ${JSON.stringify(type)}), ${field}.typedInput("value", ${JSON.stringify(value)}), undefined`,
    );
  }

  /** The texts a user sees in the open dialog, placeholders among them. */
  dialogTexts(): Promise<readonly string[]> {
    return this.evaluate(`[...$("#dialog-form, .red-ui-tray-body form").last().find("*")].flatMap((element) => [
      ...[...element.childNodes].filter((child) => child.nodeType === 3).map((child) => child.textContent.trim()),
      element.getAttribute("placeholder") || "",
    ]).filter((text) => text !== "")`);
  }

  async #close(button: string): Promise<void> {
    await this.page.locator(button).last().click();
    await this.page.waitForFunction("$('.red-ui-tray').length === 0");
  }
}

const OK = "#node-dialog-ok, #node-config-dialog-ok";
