import { MemoryOutputLogs } from "../../src/output/memory-output-logs.ts";
import { describeOutputLogs } from "./output-contract.ts";

describeOutputLogs("memory-output-logs", async () => ({
  logs: new MemoryOutputLogs(),
  bundle: "/bundle",
  dispose: async () => {},
}));
