import type { ContainerState } from "../session/runtime.ts";
import type { FoundContainer } from "./container-directory.ts";

/** A container as Docker inspects one, as far as a runtime knows it. */
export function toDockerContainer({ container, runtime }: FoundContainer): Readonly<Record<string, unknown>> {
  const { id, name, state } = container;
  return {
    Id: id,
    Name: `/${name}`,
    State: {
      Status: STATES[state],
      Running: state === "running" || state === "paused",
      Paused: state === "paused",
    },
    Config: {},
    HostConfig: {},
    NetworkSettings: { Networks: {} },
    Mounts: [],
    Runtime: runtime,
  };
}

/** A container as Docker lists one. */
export function toDockerContainerSummary({
  container,
  runtime,
}: FoundContainer): Readonly<Record<string, unknown>> {
  const state = STATES[container.state];
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    State: state,
    Status: state,
    Image: "",
    Command: "",
    Created: 0,
    Ports: [],
    Labels: {},
    Mounts: [],
    Runtime: runtime,
  };
}

/** Docker says "exited" for what has stopped. */
const STATES: Readonly<Record<ContainerState, string>> = {
  created: "created",
  running: "running",
  paused: "paused",
  stopped: "exited",
};
