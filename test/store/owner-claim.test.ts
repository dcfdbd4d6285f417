import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judgeOwner, ownClaim } from "../../src/store/owner-claim.ts";

const RACER = fileURLToPath(new URL("./claim-racer-process.ts", import.meta.url));
/** More than there are processors, so that some are interrupted halfway. */
const RACERS = 6;
const WINS = 200;

describe("claim of an owner", () => {
  it(`is held by one process at a time, over ${RACERS * WINS} changes of owner, half of them by death`, async function () {
    this.timeout(60_000);
    const directory = mkdtempSync(join(tmpdir(), "claim-"));
    const codes = await Promise.all(
      Array.from({ length: RACERS }, async () => {
        const racer = spawn(process.execPath, [RACER, directory, String(WINS)], {
          stdio: ["ignore", "inherit", "inherit"],
        });
        const [code] = await once(racer, "exit");
        return code;
      }),
    );
    assert.deepEqual(codes, new Array(RACERS).fill(0));
    assert.deepEqual(readdirSync(directory), ["owner"]);
    rmSync(directory, { recursive: true });
  });

  it("proves life or death only on its own machine and in its own pid namespace", () => {
    const own = ownClaim();
    assert.equal(own.hostname, hostname());
    const verdicts = [
      own,
      { ...own, startTime: own.startTime - 1 },
      { ...own, bootId: "earlier" },
      { ...own, bootId: "other", hostname: "other" },
      { ...own, pidNamespace: "pid:[1]" },
      { ...own, pidNamespace: "pid:[1]", hostname: "other" },
    ].map((claim) => judgeOwner(claim, own));
    assert.deepEqual(verdicts, ["alive", "dead", "dead", "unknown", "unknown", "unknown"]);
  });
});
