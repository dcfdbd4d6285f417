import type { OpenContractWorld } from "./contract/contract-world.ts";
import { describeEventContract } from "./contract/event-contract.ts";
import { describeInputContract } from "./contract/input-contract.ts";
import { describeLifeContract } from "./contract/life-contract.ts";
import { describeListContract } from "./contract/list-contract.ts";
import { describeOutputContract } from "./contract/output-contract.ts";
import { describeRefusalContract } from "./contract/refusal-contract.ts";

/** What every SessionService promises, wherever its sessions are; over a fake machine with the containers c1 and c2. */
export function describeServiceContract(title: string, open: OpenContractWorld): void {
  describe(title, () => {
    describeLifeContract(open);
    describeOutputContract(open);
    describeInputContract(open);
    describeListContract(open);
    describeEventContract(open);
    describeRefusalContract(open);
  });
}
