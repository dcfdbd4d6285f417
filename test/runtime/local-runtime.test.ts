import { describeNeeding } from "../support/requirements.ts";
import { describeRuntimeContract } from "./runtime-contract.ts";
import { RuntimeWorld } from "./runtime-world.ts";

describeNeeding(["root", "setsid"], "the local runtime", () => {
  let world: RuntimeWorld;

  before(async () => {
    world = await RuntimeWorld.open({ kind: "local", path: "", root: "" }, "local");
  });

  after(() => world.close());

  describeRuntimeContract(() => world);
});
