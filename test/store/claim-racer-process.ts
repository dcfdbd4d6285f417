import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findClaim,
  judgeOwner,
  ownClaim,
  placeClaim,
  sweepPreparedClaims,
  withdrawClaim,
} from "../../src/store/owner-claim.ts";

/*
 * Takes and gives up a directory as often as it can. Every other time it gives up as a killed process does, by a claim
 * of a process that is no more, which the others then take over. While it owns the directory it sweeps it, and holds a
 * file that must be its own; ends with code 1 if that is there already.
 */

const [directory = "", wins = ""] = process.argv.slice(2);
const held = join(directory, "held");
const own = ownClaim();

for (let won = 0; won < Number(wins); ) {
  const name = placeClaim(directory, own);
  if (name === null) {
    takeOverIfDead();
    continue;
  }
  closeSync(openSync(held, "wx"));
  await sweepPreparedClaims(directory);
  rmSync(held);
  if (won++ % 2 === 0) withdrawClaim(directory, name);
  else writeFileSync(join(directory, "owner", name), JSON.stringify({ ...own, startTime: 0 }));
}

function takeOverIfDead(): void {
  const found = findClaim(directory);
  // A claim that cannot be read is one that is being changed into a dead one right now.
  if (found?.claim && judgeOwner(found.claim, own) === "dead") withdrawClaim(directory, found.name);
}
