import type { NodeMessage } from "node-red";
import type { DeletedNodePolicy } from "./deleted-nodes.ts";
import { copyStreamCursor, type StreamCursor } from "./output-pieces.ts";
import type { ServiceChoice } from "./session-services.ts";

/** How far a session's output has come. */
export interface DeliveryProgress {
  /** The offset behind the last byte that was taken in: sent, or pending in a stream's cursor. */
  position: number;
  streams: { readonly stdout: StreamCursor; readonly stderr: StreamCursor };
}

/** One that can go on without the other. */
export function copyProgress({ position, streams }: DeliveryProgress): DeliveryProgress {
  const { stdout, stderr } = streams;
  return { position, streams: { stdout: copyStreamCursor(stdout), stderr: copyStreamCursor(stderr) } };
}

/** Where in the output the first byte is that has not been sent. */
export function firstUnsent({ position, streams }: DeliveryProgress): number {
  const { stdout, stderr } = streams;
  return Math.min(firstUnsentOf(stdout, position), firstUnsentOf(stderr, position));
}

/** The same for one stream. */
export function firstUnsentOf({ pending }: StreamCursor, position: number): number {
  return pending[0]?.offset ?? position;
}

/** What a later life of a node needs to go on with a session as if nothing had happened. Plain data but for the message. */
export interface ResumeEntry extends DeliveryProgress {
  readonly nodeId: string;
  readonly sessionId: string;
  /** Where the session is. */
  readonly service: ServiceChoice;
  /** What becomes of the session when its node is deleted. */
  readonly onDelete: DeletedNodePolicy;
  /** The message that started the session. */
  readonly message: NodeMessage;
}

/** Remembers, for each node and session, how far delivery has come. */
export interface ResumeRegistry {
  /** Before the session is started: from now on a later process finds it, too. */
  add(entry: ResumeEntry): void;
  /**
   * Whenever messages have reached their nodes; the entry says what those were, no more and no less. A crash makes no more
   * than `maxRepeatedBytes` be delivered again.
   */
  save(entry: ResumeEntry, maxRepeatedBytes: number): void;
  /** The offset from which on output is needed again after a crash. */
  neededFrom(entry: ResumeEntry): number;
  /** When a life of the node ends, and maybe the process with it. */
  settle(entry: ResumeEntry): void;
  /** Once the session's end has been delivered, or nobody is to get it any more. */
  remove(entry: ResumeEntry): void;
  /** All entries of a node. */
  entriesOf(nodeId: string): readonly ResumeEntry[];
  /** The nodes that have entries, of earlier processes too. */
  nodeIds(): readonly string[];
}

/** Remembers for as long as the process lives, and so over every kind of deploy. */
export class MemoryResumeRegistry implements ResumeRegistry {
  readonly #entries = new Map<string, Map<string, ResumeEntry>>();

  add(entry: ResumeEntry): void {
    const ofNode = this.#entries.get(entry.nodeId) ?? new Map<string, ResumeEntry>();
    ofNode.set(entry.sessionId, entry);
    this.#entries.set(entry.nodeId, ofNode);
  }

  save(entry: ResumeEntry): void {
    this.add(entry);
  }

  neededFrom(entry: ResumeEntry): number {
    return firstUnsent(entry);
  }

  settle(): void {}

  remove({ nodeId, sessionId }: ResumeEntry): void {
    const ofNode = this.#entries.get(nodeId);
    ofNode?.delete(sessionId);
    if (ofNode?.size === 0) this.#entries.delete(nodeId);
  }

  entriesOf(nodeId: string): readonly ResumeEntry[] {
    return [...(this.#entries.get(nodeId)?.values() ?? [])];
  }

  nodeIds(): readonly string[] {
    return [...this.#entries.keys()];
  }
}
