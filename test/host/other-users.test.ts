import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HostOptionsInput } from "../../src/api/host-options.ts";
import { HostWorld, LOCAL } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";

const NOBODY = 65534;
/** Tries to list a folder, to read files and to connect to a socket; prints what the system says of each. */
const INTRUDER = `
  const fs = require("node:fs");
  const [folder, socket, ...files] = process.argv.slice(1);
  const outcome = (attempt) => { try { attempt(); return "done"; } catch (error) { return error.code; } };
  const results = { folder: outcome(() => fs.readdirSync(folder)), uid: process.getuid() };
  for (const file of files) results[require("node:path").basename(file)] = outcome(() => fs.readFileSync(file));
  require("node:net").connect(socket)
    .on("connect", () => tell("done"))
    .on("error", (error) => tell(error.code));
  function tell(connecting) { console.log(JSON.stringify({ ...results, connecting })); process.exit(); }
`;

describeNeeding(["root", "setpriv"], "other users of the machine", () => {
  let world: HostWorld;
  let opened: readonly string[];

  beforeEach(() => {
    world = new HostWorld();
    // The temporary folders of tests are closed to others, which would prove nothing.
    opened = closedFoldersAbove(world.folder);
    for (const folder of opened) chmodSync(folder, 0o755);
  });

  afterEach(async () => {
    await world.dispose();
    for (const folder of opened) if (existsSync(folder)) chmodSync(folder, 0o700);
  });

  it("reach neither the socket nor any file of a state directory that a host made", async () => {
    assert.deepEqual(await tryAsNobody(), {
      folder: "EACCES",
      uid: NOBODY,
      "host.log": "EACCES",
      "host.json": "EACCES",
      "session.json": "EACCES",
      connecting: "EACCES",
    });
  });

  it("reach them no more where the state directory itself is open to them", async () => {
    assert.deepEqual(
      await tryAsNobody(() => {
        mkdirSync(join(world.folder, "made"));
        chmodSync(join(world.folder, "made"), 0o755);
      }),
      {
        folder: "done",
        uid: NOBODY,
        "host.log": "EACCES",
        "host.json": "EACCES",
        "session.json": "EACCES",
        connecting: "EACCES",
      },
    );
  });

  it("reach no socket that is elsewhere because the path is long", async () => {
    const runtimeDir = join(world.folder, "run");
    mkdirSync(runtimeDir);
    chmodSync(runtimeDir, 0o755);
    process.env.XDG_RUNTIME_DIR = runtimeDir;
    try {
      const { socket } = await world.connect({ stateDir: join(world.folder, "d".repeat(120)) });
      assert.equal(dirname(dirname(socket)), runtimeDir);
      assert.deepEqual(askAsNobody([runtimeDir, socket]), {
        folder: "done",
        uid: NOBODY,
        connecting: "EACCES",
      });
    } finally {
      delete process.env.XDG_RUNTIME_DIR;
    }
  });

  it("reach the socket, and nothing else, where the host is told to serve them", async () => {
    assert.deepEqual(await tryAsNobody(() => {}, { socketUser: NOBODY }), {
      folder: "EACCES",
      uid: NOBODY,
      "host.log": "EACCES",
      "host.json": "EACCES",
      "session.json": "EACCES",
      connecting: "done",
    });
  });

  it("are served on no socket whose path would be too long for its state directory", async () => {
    const long = new HostWorld("d".repeat(120));
    process.env.XDG_RUNTIME_DIR = long.folder;
    try {
      await assert.rejects(long.start({ socketUser: NOBODY }), /EXEC_SOCKET_UNUSABLE/);
    } finally {
      delete process.env.XDG_RUNTIME_DIR;
      await long.dispose();
    }
  });

  /** Has a host with a session in a new state directory, and somebody else at it. */
  async function tryAsNobody(
    prepare: () => void = () => {},
    options: Partial<HostOptionsInput> = {},
  ): Promise<unknown> {
    prepare();
    const stateDir = join(world.folder, "made");
    const { service, socket } = await world.connect({ stateDir, ...options });
    const { id } = await service.create(LOCAL, { command: ["true"], env: { SECRET: "x" } });
    const files = ["host.log", "host.json", join("sessions", id, "session.json")];
    return askAsNobody([stateDir, socket, ...files.map((name) => join(stateDir, name))]);
  }
});

/** A folder and those it is in, as far as others may not pass through them. */
function closedFoldersAbove(folder: string): readonly string[] {
  const isOpen = (statSync(folder).mode & OTHERS_MAY_PASS) !== 0;
  return isOpen ? [] : [folder, ...closedFoldersAbove(dirname(folder))];
}

const OTHERS_MAY_PASS = 0o001;

function askAsNobody(args: readonly string[]): unknown {
  const id = String(NOBODY);
  const options = ["--reuid", id, "--regid", id, "--clear-groups"];
  const { stdout, stderr } = spawnSync(
    "setpriv",
    [...options, process.execPath, "-e", INTRUDER, "--", ...args],
    {
      encoding: "utf8",
    },
  );
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}
