import { describeServiceContract } from "../session/service-contract.ts";
import { ApiWorld } from "../support/api-world.ts";

describeServiceContract("SessionClient as a SessionService", async () => {
  const world = await ApiWorld.open(["c1", "c2"]);
  return { service: world.client, machine: world.world.machine, dispose: () => world.dispose() };
});
