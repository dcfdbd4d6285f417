import { describeNeeding } from "../support/requirements.ts";
import { describeOciRuntime } from "./oci-contract.ts";

describeNeeding(["root", "crun"], "the runtime crun", () => describeOciRuntime("crun"));
