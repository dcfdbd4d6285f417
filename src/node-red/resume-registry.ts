import type { NodeMessage } from "node-red";
import type { DeletedNodePolicy } from "./deleted-nodes.ts";
import type { StreamCursor } from "./output-pieces.ts";
import type { ServiceChoice } from "./session-services.ts";

/** What a later life of a node needs to go on with a session as if nothing had happened. Plain data but for the message. */
export interface ResumeEntry {
  readonly nodeId: string;
  readonly sessionId: string;
  /** Where the session is. */
  readonly service: ServiceChoice;
  /** What becomes of the session when its node is deleted. */
  readonly onDelete: DeletedNodePolicy;
  /** The message that started the session. */
  readonly message: NodeMessage;
  /** The offset behind the last byte that was taken in: sent, or pending in a stream's cursor. */
  position: number;
  readonly streams: { readonly stdout: StreamCursor; readonly stderr: StreamCursor };
}

/** Remembers, for each node and session, how far delivery has come. */
export interface ResumeRegistry {
  /** Before the session is started: from now on a later process finds it, too. */
  add(entry: ResumeEntry): void;
  /** After every delivery. An entry changes in one step with the delivery, so it is never behind and never ahead of it. */
  save(entry: ResumeEntry): void;
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
    this.save(entry);
  }

  save(entry: ResumeEntry): void {
    const ofNode = this.#entries.get(entry.nodeId) ?? new Map<string, ResumeEntry>();
    ofNode.set(entry.sessionId, entry);
    this.#entries.set(entry.nodeId, ofNode);
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
