import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { type ApiCall, callPath, type PathParameters } from "../api/api-call.ts";
import { ATTACH_PROTOCOL } from "../api/attach-protocol.ts";
import type { HostConnection } from "./host-connection.ts";
import { badAnswer } from "./host-failure.ts";
import type { UpgradedConnection } from "./host-request.ts";

/** What a call is made with. Parameters that are undefined are left out. */
export interface CallOptions<Path extends string> {
  readonly parameters: PathParameters<Path>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Makes a call and checks its answer. Rejects with the host's own error, or with EXEC_BAD_ANSWER. */
export async function callHost<Path extends string, Answer extends z.ZodType>(
  host: HostConnection,
  call: ApiCall<Path, z.ZodObject, z.ZodType, Answer>,
  options: CallOptions<Path>,
): Promise<z.output<Answer>> {
  const { body, signal } = options;
  const raw = await host.call({ ...requestFor(call, options), body, signal });
  if (call.answer === undefined) return undefined as z.output<Answer>;
  const parsed = call.answer.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw badAnswer(`${call.method} ${call.path} with JSON of another form`, parsed.error);
}

/** Makes a call whose answer is read as it comes. */
export function openAnswer<Path extends string>(
  host: HostConnection,
  call: ApiCall<Path>,
  options: CallOptions<Path>,
): Promise<IncomingMessage> {
  const { signal } = options;
  return host.open({ ...requestFor(call, options), ...(signal === undefined ? {} : { signal }) });
}

/** Makes a call that turns its connection into an attachment's. */
export function openAttachment<Path extends string>(
  host: HostConnection,
  call: ApiCall<Path>,
  options: CallOptions<Path>,
): Promise<UpgradedConnection> {
  return host.upgrade(requestFor(call, options), ATTACH_PROTOCOL);
}

/** Sends bytes, and expects nothing back but that they were taken. */
export async function sendBytes<Path extends string>(
  host: HostConnection,
  call: ApiCall<Path>,
  options: CallOptions<Path> & { readonly data: Uint8Array },
): Promise<void> {
  const body = { type: "application/octet-stream", data: options.data };
  await host.send({ ...requestFor(call, options), body });
}

function requestFor<Path extends string>(
  call: ApiCall<Path>,
  { parameters, query = {} }: CallOptions<Path>,
): { readonly method: string; readonly path: string; readonly isRepeatable: boolean } {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const path = callPath(call, parameters);
  return {
    method: call.method,
    path: given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`,
    isRepeatable: call.method === "GET",
  };
}
