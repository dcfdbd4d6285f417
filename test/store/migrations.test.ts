import assert from "node:assert/strict";
import { CURRENT_SCHEMA, type Migration, migrateRecord } from "../../src/store/migrations.ts";

const steps: readonly Migration[] = [
  ({ name, ...rest }) => ({ ...rest, container: name }),
  ({ container, ...rest }) => ({ ...rest, container: { id: container } }),
];

describe("migrations", () => {
  it("take a record through every schema after its own", () => {
    assert.deepEqual(migrateRecord({ id: "x", name: "web" }, 1, steps), {
      id: "x",
      container: { id: "web" },
    });
    assert.deepEqual(migrateRecord({ id: "x", container: "web" }, 2, steps), {
      id: "x",
      container: { id: "web" },
    });
    assert.deepEqual(migrateRecord({ id: "x", container: 7 }, 3, steps), { id: "x", container: 7 });
  });

  it("leave a record of the current schema as it is", () => {
    const record = { id: "x", schema: CURRENT_SCHEMA };
    assert.deepEqual(migrateRecord(record, CURRENT_SCHEMA), record);
  });
});
