/** Adds up what passed, failed and was skipped over many suites. */
export class Tally {
  passed = 0;
  failed = [];
  skipped = [];

  /** Takes the result of one suite; `titles` are prefixed with the suite's name. */
  add(suite, { passed = 0, failed = [], skipped = [] }) {
    this.passed += passed;
    this.failed.push(...failed.map((title) => `${suite}: ${title}`));
    this.skipped.push(...skipped.map((title) => `${suite}: ${title}`));
  }

  /** Whether something ran and nothing failed. */
  get isGood() {
    return this.passed > 0 && this.failed.length === 0;
  }

  /** What was skipped and what failed, by name, and then the line of the counts. */
  print() {
    printList("Skipped", this.skipped);
    printList("Failed", this.failed);
    console.log(`\n${countsLine(this.passed, this.failed.length, this.skipped.length)}`);
  }
}

/** The last line of every run, which programs read. */
export function countsLine(passed, failed, skipped) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function printList(heading, titles) {
  if (titles.length === 0) return;
  console.log(`\n${heading}:`);
  for (const title of titles) console.log(`  ${title}`);
}
