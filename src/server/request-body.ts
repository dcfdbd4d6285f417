import type { Readable } from "node:stream";
import { SessionError, showValue } from "../session/session-error.ts";
import type { Exchange, Upgrade } from "./exchange.ts";

/** More than the 2 MiB of arguments and environment that Linux lets a command have, with JSON's escapes. */
export const MAX_JSON_BYTES = 8 * 1024 * 1024;

/**
 * The request's JSON; an empty object if it has no body. Throws EXEC_UNSUPPORTED_MEDIA_TYPE, EXEC_REQUEST_TOO_LARGE,
 * EXEC_REQUEST_TIMEOUT or EXEC_BAD_REQUEST.
 */
export async function readJson(exchange: Exchange): Promise<unknown> {
  if (declaredLength(exchange) > MAX_JSON_BYTES) throw requestTooLarge();
  const body = await inTime(readBody(exchange), exchange.bodyTimeoutMs);
  if (body.length === 0) return {};
  assertJsonType(exchange);
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new SessionError("EXEC_BAD_REQUEST", "The request's body is no JSON.", { cause });
  }
}

function readBody(exchange: Exchange): Promise<Buffer> {
  const { request, upgrade } = exchange;
  if (upgrade === undefined) return collect(request, MAX_JSON_BYTES);
  return readUpgradeBody(exchange, upgrade);
}

/** Node gives the body of an upgrade request as the request's or, before version 26, as the connection's first bytes. */
async function readUpgradeBody(exchange: Exchange, { socket }: Upgrade): Promise<Buffer> {
  const { request } = exchange;
  if (request.headers["transfer-encoding"] !== undefined) {
    throw new SessionError("EXEC_BAD_REQUEST", "The body of an upgrade request must have a Content-Length.");
  }
  const length = declaredLength(exchange);
  const parsed = await collect(request, MAX_JSON_BYTES);
  return parsed.length < length ? takeFirst(socket, length) : parsed;
}

/** All bytes of a stream, which stays open for the answer also if there are too many. */
function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(requestTooLarge());
    });
    stream.once("end", () => resolve(Buffer.concat(chunks)));
    stream.once("close", () => reject(broken()));
  });
}

/** The first bytes of a stream; the others stay in it. */
async function takeFirst(stream: Readable, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = length;
  while (missing > 0) {
    const chunk: Buffer | null = stream.read();
    if (chunk === null) {
      await readable(stream);
      continue;
    }
    chunks.push(chunk.subarray(0, missing));
    if (chunk.length > missing) stream.unshift(chunk.subarray(missing));
    missing -= Math.min(chunk.length, missing);
  }
  return Buffer.concat(chunks);
}

function readable(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const letGo = () => stream.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
    const onReadable = () => {
      letGo();
      resolve();
    };
    const onEnd = () => {
      letGo();
      reject(broken());
    };
    stream.on("readable", onReadable).on("end", onEnd).on("close", onEnd);
  });
}

async function inTime<T>(body: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(requestTooLate(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([body, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function declaredLength({ request }: Exchange): number {
  return Number(request.headers["content-length"] ?? 0);
}

/** Podman's clients name no type at all. */
function assertJsonType({ request }: Exchange): void {
  const type = request.headers["content-type"];
  if (type === undefined || /^application\/json\s*(;|$)/i.test(type)) return;
  throw new SessionError(
    "EXEC_UNSUPPORTED_MEDIA_TYPE",
    `The body's Content-Type must be application/json; got ${showValue(type)}.`,
  );
}

function requestTooLarge(): SessionError {
  return new SessionError(
    "EXEC_REQUEST_TOO_LARGE",
    `The request's body must be no larger than ${MAX_JSON_BYTES} bytes.`,
  );
}

export function requestTooLate(timeoutMs: number): SessionError {
  return new SessionError(
    "EXEC_REQUEST_TIMEOUT",
    `The request's body took longer than ${timeoutMs / 1000} s.`,
  );
}

function broken(): SessionError {
  return new SessionError(
    "EXEC_BAD_REQUEST",
    "The connection broke before the request had arrived as a whole.",
  );
}
