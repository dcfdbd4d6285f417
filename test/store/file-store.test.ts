import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { describeStoreContract } from "./store-contract.ts";

describeStoreContract("file store", () => {
  const directory = mkdtempSync(join(tmpdir(), "file-store-"));
  return {
    createStore: () => new FileSessionStore(directory),
    seize: () => {
      for (const claim of readdirSync(join(directory, "owner"))) rmSync(join(directory, "owner", claim));
    },
    dispose: () => rmSync(directory, { recursive: true }),
  };
});
