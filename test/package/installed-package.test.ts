import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DemoJob, runMainJob, runTerminalJob } from "../../scripts/demo-job.ts";
import { FlowWatch } from "../../scripts/flow-watch.ts";
import { type FlowNode, type NodeRedProcess, startNodeRed } from "../../scripts/node-red-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { PACKAGE_NAME, PACKING_MS, PackedPackage, repository } from "./packed-package.ts";

/** The Node-RED packages of the development install. */
const NODE_REDS = { "Node-RED 5": "node-red", "Node-RED 4.1": "node-red-4" } as const;
/** The longest job takes five seconds; the rest is for a machine under load. */
const JOB_MS = 60_000;
const SET_NAMES = ["exec-container", "exec-create", "exec-remove", "exec-resize", "exec-start", "exec-stop"];

interface NodeSet {
  readonly module: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly err?: string;
}

describe("the packed package, installed by npm", function () {
  this.timeout(PACKING_MS);
  let packed: PackedPackage | undefined;
  let userDir = "";
  before(async () => {
    packed = await PackedPackage.pack();
    userDir = await packed.install();
  });
  after(async () => await packed?.remove());

  for (const [title, packageName] of Object.entries(NODE_REDS)) {
    describe(`in ${title}`, () => {
      let nodeRed: NodeRedProcess;
      let ownUserDir = "";
      const listening = new AbortController();
      before(async () => {
        assert.ok(packed);
        ownUserDir = await packed.copyOf(userDir, packageName);
        nodeRed = await startNodeRed({ packageName, userDir: ownUserDir });
      });

      it("is loaded whole, with every node enabled", async () => {
        const sets = (await nodeRed.get("/nodes")) as readonly NodeSet[];
        const own = sets.filter(({ module }) => module === PACKAGE_NAME);
        assert.deepEqual(own.map(({ name, enabled, err }) => ({ name, enabled, err })).sort(byName), [
          ...SET_NAMES.map((name) => ({ name, enabled: true, err: undefined })),
        ]);
      });

      it("gives the editor its icons and its texts", async () => {
        for (const file of await readdir(join(repository, "icons"))) {
          // For an icon that it does not find, Node-RED answers with one of its own.
          const icon = await fetch(`${nodeRed.url}/icons/${PACKAGE_NAME}/${file}`);
          assert.equal(await icon.text(), await readFile(join(repository, "icons", file), "utf8"));
        }
        const texts = await nodeRed.get(`/locales/${PACKAGE_NAME}/exec-start?lng=en-US`);
        assert.ok(JSON.stringify(texts).includes('"stdout"'));
      });

      it("runs the five nodes, from Node-RED's list of examples", async () => {
        await runMainJob(await deployExample("01 - Five nodes"));
      });

      it("resizes and stops a session in a terminal", async function () {
        if (!isTerminalThere(ownUserDir)) this.skip();
        await runTerminalJob(await deployExample("01 - Five nodes"));
      });

      it("reports a failing exit code of a maintenance job", async () => {
        const job = await deployExample("02 - Nightly maintenance");
        await press(job, "every night at 3");
        await until(job, "the failure was reported", () => job.watch.shown("report of failure").length > 0);
        const [report] = job.watch.shown("report of failure");
        assert.match(
          String(report),
          /^Nightly maintenance failed\. .* It said: index orders_by_date is corrupt/,
        );
        assert.deepEqual(job.watch.shown("log of the job"), ["vacuuming the database\n"]);
        assert.deepEqual(job.watch.shown("report of success"), []);
      });

      it("talks to a program in a terminal, and resizes it", async function () {
        if (!isTerminalThere(ownUserDir)) this.skip();
        const job = await deployExample("03 - Interactive terminal");
        const screen = (): string => job.watch.shown("screen").join("");
        await press(job, "open a terminal");
        await until(job, "the program greeted", () => screen().includes("Hello, Ada."));
        await until(job, "it has its first size", () => screen().includes("80 columns and 24 rows"));
        await press(job, "40 × 10");
        await until(job, "it has its next size", () => screen().includes("40 columns and 10 rows"));
        await press(job, "close the terminal");
        await until(job, "it was stopped", () => job.watch.shown("closed").length > 0);
        assert.deepEqual(job.watch.shown("closed"), ["stopped"]);
        assert.deepEqual(job.watch.shown("error"), []);
      });

      it("ends cleanly, without a complaint in its log and without a session left", async () => {
        listening.abort();
        assert.deepEqual(await nodeRed.stop(), { code: 0, signal: null });
        assert.deepEqual(complaints(nodeRed.log), []);
        const left = () => readdir(join(ownUserDir, "exec-sessions/sessions"));
        await waitUntil("its files are gone", async () => (await left()).length === 0);
      });

      after(async () => {
        listening.abort();
        await nodeRed.stop();
      });

      async function deployExample(name: string): Promise<DemoJob> {
        const path = `/library/examples/flows/${PACKAGE_NAME}/${encodeURIComponent(name)}`;
        const flow = (await nodeRed.get(path)) as readonly FlowNode[];
        const watch = new FlowWatch(flow);
        await nodeRed.listen((message) => watch.take(message), listening.signal);
        await nodeRed.deploy(flow);
        return { nodeRed, flow, watch, signal: listening.signal, say: () => {} };
      }
    });
  }
});

async function press({ nodeRed, flow }: DemoJob, name: string): Promise<void> {
  const node = flow.find((candidate) => candidate.name === name);
  assert.ok(node, `the example has a node "${name}"`);
  await nodeRed.inject(node.id);
}

function until({ watch }: DemoJob, fact: string, condition: () => boolean): Promise<void> {
  return watch.until(fact, condition, { timeoutMs: JOB_MS });
}

/** What Node-RED always warns of in a new user directory does not count. */
function complaints(log: string): readonly string[] {
  const lines = log.split("\n").filter((line) => /\[(warn|error|fatal)\]/.test(line));
  return lines.filter((line) => !/Projects disabled|Encrypted credentials not found/.test(line));
}

/** With CI=true it has to be. */
function isTerminalThere(userDir: string): boolean {
  return (
    process.env.CI === "true" || existsSync(join(userDir, "node_modules/node-pty/build/Release/pty.node"))
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
