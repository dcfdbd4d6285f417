import { describeNeeding } from "../support/requirements.ts";
import { describeOciRuntime } from "./oci-contract.ts";

describeNeeding(["root", "runc"], "the runtime runc", () => describeOciRuntime("runc"));
