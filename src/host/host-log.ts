import { appendFileSync, copyFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { HOST_LOG } from "../api/state-directory.ts";
import { errorText } from "../session/session-error.ts";

/** Some ten thousand lines, and as many in the file before: nobody reads further back, and an SD card has room for it. */
const MAX_LOG_BYTES = 1024 * 1024;

export interface HostLogOptions {
  /** Absent: 1 MiB. */
  readonly maxBytes?: number;
  /** Given every line, too. */
  readonly echo?: (line: string) => void;
}

/**
 * The host's own log: what it did and what nobody waited to be told. It holds no output, argument or environment. What was
 * there before is kept once, with `.1` behind its name.
 */
export class HostLog {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #echo: (line: string) => void;
  #lostLines = 0;

  constructor(stateDir: string, { maxBytes = MAX_LOG_BYTES, echo = () => {} }: HostLogOptions = {}) {
    this.#path = join(stateDir, HOST_LOG);
    this.#maxBytes = maxBytes;
    this.#echo = echo;
  }

  /** Adds one line. Never throws: a full disk must not end the host. What is lost is said once lines can be written again. */
  write(sentence: string): void {
    const line = this.#line(sentence);
    this.#echo(line);
    try {
      this.#rotateIfFull();
      const lost = this.#lostLines === 0 ? "" : this.#line(`${this.#lostLines} lines could not be written.`);
      // Opened for each line, so that a deleted log begins anew.
      appendFileSync(this.#path, lost + line, { mode: 0o600 });
      this.#lostLines = 0;
    } catch {
      this.#lostLines++;
    }
  }

  /** Adds what was thrown, with the place in the code: for faults that no one expected. */
  writeFault(fault: unknown): void {
    this.write(`Fault: ${(fault instanceof Error ? fault.stack : undefined) ?? errorText(fault)}`);
  }

  /** Copied and cut, not renamed: standard error stays open on the file, for a crash's last words. */
  #rotateIfFull(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.#maxBytes) return;
    copyFileSync(this.#path, `${this.#path}.1`);
    truncateSync(this.#path);
  }

  #line(sentence: string): string {
    return `${new Date().toISOString()} ${process.pid} ${sentence.replaceAll(/\s*\n\s*/g, " | ")}\n`;
  }
}
