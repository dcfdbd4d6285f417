import { ContainerYard, type OciContainer } from "../support/containers.ts";
import { describeContainerStates } from "./contract/container-states.ts";
import { describeLateFailures } from "./contract/late-failures.ts";
import { describeOciFiles } from "./contract/oci-files.ts";
import { describeOciProcess } from "./contract/oci-process.ts";
import { describeRuntimeContract } from "./runtime-contract.ts";
import { RuntimeWorld } from "./runtime-world.ts";

/** One runtime's containers, and a world with one of them. */
export interface OciWorld {
  readonly yard: ContainerYard;
  readonly container: OciContainer;
  readonly world: RuntimeWorld;
}

/** What an OCI runtime promises: the same as every other, and what only containers can be asked for. */
export function describeOciRuntime(kind: "crun" | "runc"): void {
  let oci: OciWorld;

  before(async () => {
    const yard = await ContainerYard.open(kind);
    const container = await yard.startContainer();
    oci = { yard, container, world: await RuntimeWorld.open(yard.spec, container.id) };
  });

  after(async () => {
    await oci.world.close();
    await oci.yard.close();
  });

  describeRuntimeContract(() => oci.world);
  describeOciProcess(() => oci);
  describeOciFiles(() => oci);
  describeContainerStates(() => oci);
  describeLateFailures(() => oci);
}
