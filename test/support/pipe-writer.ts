import { execFileSync } from "node:child_process";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The test's end of a named pipe, through which it decides what a command that reads the pipe prints, and when. */
export class PipeWriter {
  readonly path: string;
  readonly #folder: string;
  #handle: FileHandle | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "pipe");
  }

  static async create(): Promise<PipeWriter> {
    const pipe = new PipeWriter(await mkdtemp(join(tmpdir(), "pipe-")));
    execFileSync("mkfifo", [pipe.path]);
    return pipe;
  }

  /** Resolves once the command has taken all but a pipe's worth of it. The first call waits until the command reads. */
  async write(bytes: Uint8Array | string): Promise<void> {
    this.#handle ??= await open(this.path, "w");
    await this.#handle.writeFile(bytes);
  }

  /** Ends what the command reads. Once more: does nothing. */
  async end(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
