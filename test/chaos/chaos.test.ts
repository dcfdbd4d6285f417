import assert from "node:assert/strict";
import { describeNeeding } from "../support/requirements.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { runChaos } from "./chaos-loop.ts";
import { describeRound } from "./figures.ts";
import { KILL_KINDS } from "./kill.ts";

/** npm run chaos has 200. */
const ROUNDS = 10;
/** A round takes three seconds, and three times that on a busy machine; one that does not come to its end, two minutes. */
const LIMIT_MS = 8 * 60_000;

describeNeeding(
  ["root", "crun", "runc"],
  "sessions whose processes are killed at random moments",
  function () {
    this.timeout(LIMIT_MS);

    it(`lose no byte, tell no end that was not, and leave nothing behind, ${ROUNDS} times`, async () => {
      const { seed } = SeededRandom.fromEnvironment();
      console.log(`        seed ${seed}`);
      const lines: string[] = [];
      const figures = await runChaos({
        ...{ seed, rounds: ROUNDS, first: 1, kinds: KILL_KINDS, signal: new AbortController().signal },
        onRound: (number, report) => lines.push(describeRound(number, report)),
      });
      assert.equal(figures.faults.length, 0, lines.join("\n"));
      assert.equal(figures.rounds, ROUNDS);
      assert.ok(figures.bytes > 0);
    });
  },
);
