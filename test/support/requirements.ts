import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The name of a program, or `root` for the right to make containers. */
export type Requirement = string;

/** Where distributions keep programs for root; a user's PATH often lacks them. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * A suite that needs something of the machine. Without it the suite is skipped, visibly, with the reason as its one
 * pending test; under CI=true that is a failing test instead.
 */
export function describeNeeding(
  requirements: readonly Requirement[],
  title: string,
  body: (this: Mocha.Suite) => void,
): void {
  const missing = missingRequirements(requirements);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = missing.join(", ");
  describe(title, () => {
    if (process.env.CI === "true") {
      it(`cannot run: ${reason}`, () => {
        throw new Error(`${title}: ${reason}; under CI=true no suite may be skipped`);
      });
    } else {
      it.skip(`skipped: ${reason}`);
    }
  });
}

/** What this machine lacks, in a few words each. */
export function missingRequirements(requirements: readonly Requirement[]): readonly string[] {
  return requirements.filter((requirement) => !isMet(requirement)).map(reasonOf);
}

/** The full path of a program. Undefined: this machine lacks it. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isMet(requirement: Requirement): boolean {
  return requirement === "root" ? process.getuid?.() === 0 : findTool(requirement) !== undefined;
}

function reasonOf(requirement: Requirement): string {
  return requirement === "root" ? "it must be run as root" : `${requirement} is not installed`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
