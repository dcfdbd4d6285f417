import { TestWorld } from "../support/test-world.ts";
import { describeServiceContract } from "./service-contract.ts";

describeServiceContract("SessionManager as a SessionService", async () => {
  const world = await TestWorld.open(["c1", "c2"]);
  return { service: world.manager, machine: world.machine, dispose: () => world.dispose() };
});
