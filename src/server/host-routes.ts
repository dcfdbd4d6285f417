import type { Duplex } from "node:stream";
import { CALLS_PROTOCOL } from "../api/calls-protocol.ts";
import { DOCKER_API_VERSION, hostCalls, LIBPOD_API_VERSION } from "../api/host-calls.ts";
import { createOpenApi } from "../api/openapi.ts";
import { SessionError } from "../session/session-error.ts";
import type { SessionEvent } from "../session/session-event.ts";
import type { SessionService } from "../session/session-service.ts";
import { type Answer, ownExchange, type Route, route } from "./api-route.ts";
import type { ContainerDirectory } from "./container-directory.ts";
import { toDockerContainer, toDockerContainerSummary } from "./docker-container.ts";
import { waitUntilDrained } from "./drained.ts";
import { type Exchange, takeOver } from "./exchange.ts";
import { findContainer } from "./find-target.ts";
import type { HostInfo } from "./host-info.ts";

/** What the calls act upon. */
export interface RouteContext {
  readonly service: SessionService;
  readonly containers: ContainerDirectory;
  /** Told, in one sentence each, what no caller is told. */
  readonly report: (sentence: string) => void;
  /** Answers the calls on an upgraded connection. */
  readonly openCalls: (socket: Duplex) => void;
}

/** The calls about the session host and what it can reach. */
export function hostRoutes(
  { service, containers, openCalls }: RouteContext,
  info: HostInfo,
): readonly Route[] {
  return [
    route(hostCalls.ping, () => pong),
    route(hostCalls.version, () => ({ status: 200, json: info })),
    route(hostCalls.describeApi, () => ({ status: 200, json: description() })),
    route(hostCalls.listContainers, async ({ query }) => {
      const found = await containers.list();
      const shown = isTrue(query.all) ? found : found.filter(({ container }) => isUp(container.state));
      return { status: 200, json: shown.map(toDockerContainerSummary) };
    }),
    route(hostCalls.inspectContainer, async ({ parameters, query }) => ({
      status: 200,
      json: toDockerContainer(await findContainer(containers, parameters.container, query)),
    })),
    route(hostCalls.listRuntimes, () => ({ status: 200, json: containers.runtimes() })),
    route(hostCalls.addRuntime, async ({ body }) => {
      await containers.add(body);
      return { status: 204 };
    }),
    route(hostCalls.readEvents, ({ query, from }): Answer => {
      const exchange = ownExchange(from);
      // Subscribed before the answer begins, so that a client that has its headers misses nothing.
      const events = service.events({ ...query, signal: from.gone });
      return () => sendEvents(exchange, events);
    }),
    route(hostCalls.openCalls, ({ from }) => {
      const exchange = ownExchange(from);
      if (exchange.upgrade?.protocol === CALLS_PROTOCOL) return () => openCalls(takeOver(exchange, {}));
      throw new SessionError(
        "EXEC_BAD_REQUEST",
        `This call must ask for an upgrade of its connection to ${CALLS_PROTOCOL}.`,
      );
    }),
  ];
}

/** Made when it is first asked for, which most hosts never are. */
function description(): unknown {
  openApi ??= createOpenApi();
  return openApi;
}

let openApi: unknown;

function pong({ response }: Exchange): void {
  response.setHeader("Api-Version", DOCKER_API_VERSION);
  response.setHeader("Libpod-API-Version", LIBPOD_API_VERSION);
  response.setHeader("OSType", process.platform);
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("OK");
}

async function sendEvents({ response }: Exchange, events: AsyncIterable<SessionEvent>): Promise<void> {
  response.setHeader("Content-Type", "application/x-ndjson");
  response.flushHeaders();
  for await (const event of events) {
    if (!response.write(`${JSON.stringify(event)}\n`)) await waitUntilDrained(response);
  }
  response.end();
}

function isTrue(flag: string | undefined): boolean {
  return flag === "1" || flag?.toLowerCase() === "true";
}

function isUp(state: string): boolean {
  return state === "running" || state === "paused";
}
