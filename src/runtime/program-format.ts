/** What a file says of how it is to be executed. */
export interface ProgramFormat {
  readonly format: "script" | "elf" | "unknown";
  /** The program that the kernel loads in its place or beside it. Null: none, or it is not in this part of the file. */
  readonly interpreter: string | null;
}

/** Reads the beginning of an executable file. */
export function findInterpreter(header: Buffer): ProgramFormat {
  if (header.subarray(0, 2).toString("latin1") === "#!") {
    return { format: "script", interpreter: scriptInterpreter(header) };
  }
  if (header.subarray(0, 4).toString("latin1") === "\x7fELF") {
    return { format: "elf", interpreter: elfInterpreter(header) };
  }
  return { format: "unknown", interpreter: null };
}

/** `#! /bin/sh -e`: the first word of the first line. */
function scriptInterpreter(header: Buffer): string | null {
  const [line = ""] = header.subarray(2).toString("latin1").split("\n", 1);
  const [word = ""] = line.trim().split(/[ \t]/, 1);
  return word === "" ? null : word;
}

/** elf(5): the segment PT_INTERP holds the path of the dynamic loader; a static program has none. */
function elfInterpreter(header: Buffer): string | null {
  const is64 = header[EI_CLASS] === ELFCLASS64;
  const isLittle = header[EI_DATA] === ELFDATA2LSB;
  const read = (offset: number, bytes: number) =>
    isLittle ? header.readUIntLE(offset, bytes) : header.readUIntBE(offset, bytes);
  try {
    // 48 bits are more than any file is long, and all that a number here can hold.
    const word = (offset: number) => (is64 ? read(isLittle ? offset : offset + 2, 6) : read(offset, 4));
    const table = word(is64 ? 0x20 : 0x1c);
    const entryBytes = read(is64 ? 0x36 : 0x2a, 2);
    const entries = read(is64 ? 0x38 : 0x2c, 2);
    for (let index = 0; index < entries; index++) {
      const entry = table + index * entryBytes;
      if (read(entry, 4) !== PT_INTERP) continue;
      const start = word(entry + (is64 ? 0x08 : 0x04));
      const length = word(entry + (is64 ? 0x20 : 0x10));
      const text = header.subarray(start, start + length).toString("utf8");
      return text.endsWith("\0") ? text.slice(0, -1) : null;
    }
  } catch (error) {
    // The tables lie beyond the part that was read.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

const EI_CLASS = 4;
const ELFCLASS64 = 2;
const EI_DATA = 5;
const ELFDATA2LSB = 1;
const PT_INTERP = 3;
