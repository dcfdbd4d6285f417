import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { HostWorld } from "../support/host-world.ts";
import { describeNeeding } from "../support/requirements.ts";

const CLIENT = fileURLToPath(new URL("./fixtures/client-of-nobody.ts", import.meta.url));
/** The temporary folder of tests is closed to others. */
const OPEN_FOLDER = "/tmp/foreign-";

describeNeeding(["root"], "a state directory of another user", () => {
  let world: HostWorld;
  let directory: string;

  beforeEach(() => {
    world = new HostWorld();
    directory = mkdtempSync(OPEN_FOLDER);
  });

  afterEach(async () => {
    await world.dispose();
    rmSync(directory, { recursive: true });
  });

  const cases = {
    "may not be entered": async () => {},
    "may be entered": async () => chmodSync(directory, 0o755),
    "has a host that serves its owner": async () => {
      chmodSync(directory, 0o755);
      await world.connect({ stateDir: directory });
    },
  };
  for (const [title, prepare] of Object.entries(cases)) {
    it(`that ${title} is said to be that user's`, async () => {
      await prepare();
      const { stdout, stderr } = spawnSync(process.execPath, [CLIENT, directory], { encoding: "utf8" });
      assert.equal(stderr, "");
      assert.deepEqual(JSON.parse(stdout), {
        message: `The state directory ${directory} belongs to user 0; user 65534, who runs this process, may not use it.`,
        code: "EXEC_STATE_DIR_UNUSABLE",
        details: { directory, owner: 0, errno: "EACCES" },
      });
    });
  }
});
