import assert from "node:assert/strict";
import { mergeCapabilities } from "../../src/runtime/capabilities.ts";

const base = {
  bounding: ["CAP_KILL", "CAP_CHOWN"],
  effective: ["CAP_KILL"],
  permitted: ["CAP_KILL"],
  inheritable: ["CAP_KILL"],
  ambient: ["CAP_KILL"],
};

describe("capabilities", () => {
  it("of root are the bounding set, with nothing to inherit", () => {
    const merged = mergeCapabilities({ base, privileged: false, uid: 0, isContainerUser: true });
    const all = base.bounding;
    assert.deepEqual(merged, { bounding: all, effective: all, permitted: all, inheritable: [], ambient: [] });
  });

  it("of the container's own user are what the container gives it, of another user none", () => {
    const own = mergeCapabilities({ base, privileged: false, uid: 5, isContainerUser: true });
    assert.deepEqual(own, base);
    const other = mergeCapabilities({ base, privileged: false, uid: 6, isContainerUser: false });
    assert.deepEqual(other, {
      bounding: base.bounding,
      effective: [],
      permitted: [],
      inheritable: [],
      ambient: [],
    });
  });

  it("that a container does not name are none", () => {
    const merged = mergeCapabilities({ base: {}, privileged: false, uid: 0, isContainerUser: true });
    assert.deepEqual(Object.values(merged).flat(), []);
  });

  it("of a privileged command are bounded by this process's own", () => {
    const { bounding = [], effective } = mergeCapabilities({
      base,
      privileged: true,
      uid: 6,
      isContainerUser: false,
    });
    assert.ok(bounding.length > 0 && bounding.every((name) => /^CAP_[A-Z_]+$/.test(name)));
    assert.deepEqual(effective, []);
  });
});
