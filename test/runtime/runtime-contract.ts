import { describeEnding } from "./contract/ending.ts";
import { describeRecovery } from "./contract/recovery.ts";
import { describeRequests } from "./contract/requests.ts";
import { describeStarting } from "./contract/starting.ts";
import { describeStreams } from "./contract/streams.ts";
import { describeTerminals } from "./contract/terminals.ts";
import type { RuntimeWorld } from "./runtime-world.ts";

/** What every runtime promises; `world` is called within tests only. */
export function describeRuntimeContract(world: () => RuntimeWorld): void {
  describeStarting(world);
  describeStreams(world);
  describeTerminals(world);
  describeRequests(world);
  describeEnding(world);
  describeRecovery(world);
}
