import type { NodeMessage } from "node-red";
import type { StreamCursor } from "./output-pieces.ts";

/** What a later life of a node needs to go on with a session as if nothing had happened. Plain data but for the message. */
export interface ResumeEntry {
  readonly nodeId: string;
  readonly sessionId: string;
  /** The state directory of the session's service. */
  readonly stateDir: string;
  /** The message that started the session. */
  readonly message: NodeMessage;
  /** The offset behind the last byte that was taken in: sent, or pending in a stream's cursor. */
  position: number;
  readonly streams: { readonly stdout: StreamCursor; readonly stderr: StreamCursor };
}

/** Remembers, for each node and session, how far delivery has come. */
export interface ResumeRegistry {
  /** After every delivery. An entry changes in one step with the delivery, so it is never behind and never ahead of it. */
  save(entry: ResumeEntry): void;
  /** Once the session's end has been delivered, or nobody is to get it any more. */
  remove(entry: ResumeEntry): void;
  /** All entries of a node. */
  entriesOf(nodeId: string): Promise<readonly ResumeEntry[]>;
}

/** Remembers for as long as the process lives, and so over every kind of deploy. */
export class MemoryResumeRegistry implements ResumeRegistry {
  readonly #entries = new Map<string, Map<string, ResumeEntry>>();

  save(entry: ResumeEntry): void {
    const ofNode = this.#entries.get(entry.nodeId) ?? new Map<string, ResumeEntry>();
    ofNode.set(entry.sessionId, entry);
    this.#entries.set(entry.nodeId, ofNode);
  }

  remove({ nodeId, sessionId }: ResumeEntry): void {
    const ofNode = this.#entries.get(nodeId);
    ofNode?.delete(sessionId);
    if (ofNode?.size === 0) this.#entries.delete(nodeId);
  }

  async entriesOf(nodeId: string): Promise<readonly ResumeEntry[]> {
    return [...(this.#entries.get(nodeId)?.values() ?? [])];
  }
}
