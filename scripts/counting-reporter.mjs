import { writeFileSync } from "node:fs";
import mocha from "mocha";

const { Spec } = mocha.reporters;

/** Mocha's spec report for people, and beside it what passed, failed and was skipped, as JSON in the file `output`. */
export default class CountingReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const failed = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.on("fail", (test) => failed.push(test.fullTitle()));
    runner.once("end", () => {
      writeFileSync(
        options.reporterOption.output,
        JSON.stringify({ passed: this.stats.passes, failed, skipped }),
      );
    });
  }
}
