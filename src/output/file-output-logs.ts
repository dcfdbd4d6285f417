import { join } from "node:path";
import { FileSegmentStorage } from "./file-segment-storage.ts";
import { OpenFiles } from "./open-files.ts";
import { SegmentedLogs } from "./segmented-logs.ts";

/** Where a session's bundle has its output. */
const OUTPUT_FOLDER = "output";

/** Output logs on disk. */
export class FileOutputLogs extends SegmentedLogs {
  constructor() {
    const openFiles = new OpenFiles();
    super((bundle) => new FileSegmentStorage(join(bundle, OUTPUT_FOLDER), openFiles));
  }
}
