import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemorySessionStore, MemoryStateDirectory } from "../../src/store/memory-store.ts";
import { describeStoreContract } from "./store-contract.ts";

describeStoreContract("memory store", () => {
  const bundles = mkdtempSync(join(tmpdir(), "memory-store-"));
  const directory = new MemoryStateDirectory(bundles);
  return {
    createStore: () => new MemorySessionStore(directory),
    seize: () => {
      directory.owner = null;
    },
    dispose: () => rmSync(bundles, { recursive: true }),
  };
});
