import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSegmentStorage } from "../../src/output/file-segment-storage.ts";
import { MemorySegmentStorage } from "../../src/output/memory-segment-storage.ts";
import { OpenFiles } from "../../src/output/open-files.ts";
import { isSegmentMissing, type SegmentStorage } from "../../src/output/segment-storage.ts";

/** More buffers than one system call takes (IOV_MAX is 1024). */
const MANY_BUFFERS = 3000;

describeStorage("file-segment-storage", async () => {
  const folder = await mkdtemp(join(tmpdir(), "segments-"));
  const storage = new FileSegmentStorage(join(folder, "output"), new OpenFiles());
  return { storage, dispose: () => rm(folder, { recursive: true }) };
});

describeStorage("memory-segment-storage", async () => ({
  storage: new MemorySegmentStorage(),
  dispose: async () => {},
}));

function describeStorage(
  title: string,
  open: () => Promise<{ storage: SegmentStorage; dispose: () => Promise<void> }>,
): void {
  describe(`${title}: the contract of segment storages`, () => {
    let storage: SegmentStorage;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ storage, dispose } = await open());
    });

    afterEach(() => dispose());

    it("is empty before the first write", async () => {
      assert.deepEqual(await storage.list(), []);
      await assert.rejects(storage.read("a", 0, Buffer.alloc(1)), isSegmentMissing);
      await storage.remove("a");
    });

    it("writes all buffers, however many, and reads them from any position", async () => {
      const buffers = Array.from({ length: MANY_BUFFERS }, (_, index) => Buffer.alloc(3, index));
      await storage.write("a", 0, buffers);
      const all = Buffer.concat(buffers);
      assert.deepEqual(await storage.list(), [{ name: "a", bytes: all.length }]);
      assert.deepEqual(await read(storage, 0, all.length), all);
      assert.deepEqual(await read(storage, 5000, 17), all.subarray(5000, 5017));
      assert.deepEqual(await read(storage, all.length - 2, 10), all.subarray(-2));
      assert.deepEqual(await read(storage, all.length, 10), Buffer.alloc(0));
    });

    it("writes at a position, over what a failed write may have left there", async () => {
      await storage.write("a", 0, [Buffer.from("kept"), Buffer.from("torn")]);
      await storage.write("a", 4, [Buffer.from("whole")]);
      assert.equal((await read(storage, 0, 100)).toString(), "keptwhole");
      await storage.write("a", 0, [Buffer.from("new")]);
      assert.equal((await read(storage, 0, 100)).toString(), "new");
    });

    it("replaces a small file as a whole, also before the first segment", async () => {
      assert.equal(await storage.load("small.json"), undefined);
      await storage.replace("small.json", Buffer.from("first and long"));
      await storage.replace("small.json", Buffer.from("second"));
      assert.equal(String(await storage.load("small.json")), "second");
      assert.deepEqual(await storage.list(), [{ name: "small.json", bytes: 6 }]);
      await storage.remove("small.json");
      assert.equal(await storage.load("small.json"), undefined);
    });

    it("refuses to go on with a segment that has been deleted", async () => {
      await storage.write("a", 0, [Buffer.from("one")]);
      await storage.remove("a");
      await assert.rejects(storage.write("a", 3, [Buffer.from("two")]), isSegmentMissing);
      assert.deepEqual(await storage.list(), []);
    });
  });
}

async function read(storage: SegmentStorage, position: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length);
  return into.subarray(0, await storage.read("a", position, into));
}
