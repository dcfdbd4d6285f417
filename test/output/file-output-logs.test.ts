import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileOutputLogs } from "../../src/output/file-output-logs.ts";
import { describeOutputLogs } from "./output-contract.ts";

describeOutputLogs("file-output-logs", async () => {
  const bundle = await mkdtemp(join(tmpdir(), "output-"));
  return { logs: new FileOutputLogs(), bundle, dispose: () => rm(bundle, { recursive: true }) };
});
