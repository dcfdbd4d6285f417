import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectToSocket } from "../../src/client/connect-to-socket.ts";
import { listenOnSocket, MAX_SOCKET_PATH_BYTES } from "../../src/server/listen-on-socket.ts";
import { isSessionError } from "../../src/session/session-error.ts";
import { describeNeeding } from "../support/requirements.ts";
import { waitUntil } from "../support/wait-until.ts";

const MODE = 0o777;
const OTHER_UID = 65534;

describe("listening on a socket", () => {
  let folder: string;
  const servers: Server[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "listen-"));
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  async function listen(path: string): Promise<Server> {
    const server = createServer((socket) => socket.on("error", () => {}).end());
    servers.push(server);
    await listenOnSocket(server, path);
    return server;
  }

  async function assertUnusable(path: string, reason: RegExp): Promise<void> {
    await assert.rejects(listen(path), (error) => {
      assert.ok(isSessionError(error));
      assert.equal(error.code, "EXEC_SOCKET_UNUSABLE");
      assert.match(error.message, reason);
      return true;
    });
  }

  it("makes a private socket in a private folder, and leaves the process's mask as it was", async () => {
    const path = join(folder, "a/b/api.sock");
    const mask = process.umask(0o002);
    try {
      await listen(path);
      assert.equal(process.umask(), 0o002);
    } finally {
      process.umask(mask);
    }
    assert.equal((await stat(path)).mode & MODE, 0o600);
    assert.equal((await stat(join(folder, "a/b"))).mode & MODE, 0o700);
    assert.equal((await stat(join(folder, "a"))).mode & MODE, 0o700);
  });

  it("takes the place of a socket that a killed process left behind", async () => {
    const path = join(folder, "api.sock");
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const killed = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(killed.stdout, "data");
    killed.kill("SIGKILL");
    await once(killed, "exit");
    assert.ok((await stat(path)).isSocket());
    await listen(path);
    (await connectToSocket(path)).destroy();
  });

  it("leaves alone, when it ends, the socket that another one has made in its place", async () => {
    const path = join(folder, "api.sock");
    const first = await listen(path);
    await unlink(path);
    await listen(path);
    await new Promise((resolve) => first.close(resolve));
    (await connectToSocket(path)).destroy();
    assert.deepEqual(await readdir(folder), ["api.sock"]);
  });

  it("leaves alone a socket on which somebody listens, and a file that is no socket", async () => {
    const path = join(folder, "api.sock");
    await listen(path);
    await assertUnusable(path, /another process listens there/);
    (await connectToSocket(path)).destroy();
    const file = join(folder, "notes.txt");
    await writeFile(file, "mine");
    await assertUnusable(file, /a file that is no socket/);
    const link = join(folder, "link.sock");
    await symlink(path, link);
    await assertUnusable(link, /another process listens there/);
  });

  it("refuses a path that is too long, and takes the longest that is not", async () => {
    const room = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(folder) - 1;
    await listen(join(folder, "x".repeat(room)));
    await assertUnusable(join(folder, "x".repeat(room + 1)), /at most 107 bytes, and this one 108/);
    await assertUnusable(join(folder, "ü".repeat(room)), /at most 107 bytes/);
  });

  it("refuses a folder into which others may write", async () => {
    const open = join(folder, "open");
    await mkdir(open);
    await chmod(open, 0o770);
    await assertUnusable(join(open, "api.sock"), /other users may write to this folder; .* chmod 700/);
    await chmod(open, 0o755);
    await listen(join(open, "api.sock"));
  });

  it("says what the system says where it cannot be made", async () => {
    await writeFile(join(folder, "file"), "");
    await assertUnusable(join(folder, "file/api.sock"), /EEXIST|ENOTDIR/);
  });
});

describeNeeding(["root"], "a socket for another user", () => {
  it("is that user's from the first moment in which it has its name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "shared-"));
    const path = join(folder, "api.sock");
    const changes: string[] = [];
    const watcher = watch(folder, (kind, name) => changes.push(`${kind} ${name}`));
    const server = createServer();
    await listenOnSocket(server, path, OTHER_UID);
    await writeFile(join(folder, "after"), "");
    await waitUntil("all changes are known", () => changes.some((change) => change.endsWith(" after")));
    watcher.close();
    // It gets its name, and nothing about it changes then.
    assert.deepEqual(
      changes.filter((change) => change.endsWith(" api.sock")),
      ["rename api.sock"],
    );
    const { uid, mode } = await stat(path);
    assert.deepEqual([uid, mode & MODE, (await stat(folder)).mode & MODE], [OTHER_UID, 0o600, 0o701]);
    assert.deepEqual((await readdir(folder)).sort(), ["after", "api.sock"]);
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
});

describeNeeding(["root", "setpriv"], "the socket of another user", () => {
  it("can be connected to by nobody else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "private-"));
    await chmod(folder, 0o755);
    const path = join(folder, "api.sock");
    const server = createServer();
    await listenOnSocket(server, path);
    const script = `require("net").connect(${JSON.stringify(path)}).on("error", (e) => console.log(e.code)).on("connect", () => console.log("connected"))`;
    const other = spawn(
      "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-e", script],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [said] = await once(other.stdout, "data");
    other.kill();
    await once(other, "exit");
    assert.equal(String(said).trim(), "EACCES");
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
});
