import { setTimeout as wait } from "node:timers/promises";
import { ProbedNodeRed } from "../support/probed-node-red.ts";

const POLL_MS = 5;

/** How a life of Node-RED ended. */
export interface LifeEnd {
  readonly isCrash: boolean;
  /** Nobody asked for it. Undefined: somebody did. */
  readonly fault: string | undefined;
}

/** A Node-RED that is started again whenever it has ended. */
export class NodeRedKeeper {
  readonly nodeRed: ProbedNodeRed;
  readonly ends: LifeEnd[] = [];
  /** Signals that were sent to the present life. */
  readonly #sent = new Set<NodeJS.Signals>();
  readonly #mayDie: () => boolean;
  #isUp = true;

  private constructor(nodeRed: ProbedNodeRed, mayDie: () => boolean) {
    this.nodeRed = nodeRed;
    this.#mayDie = mayDie;
  }

  /** `mayDie` tells whether a message was the end of the life that has just ended. */
  static async start(mayDie: () => boolean): Promise<NodeRedKeeper> {
    return new NodeRedKeeper(await ProbedNodeRed.start("5"), mayDie);
  }

  /** Its flows run, and nothing has been sent to end it. */
  get isUp(): boolean {
    return this.#isUp && this.#sent.size === 0 && this.nodeRed.ended === null;
  }

  /** False: it had ended already. */
  signal(signal: NodeJS.Signals): boolean {
    if (this.nodeRed.ended !== null) return false;
    this.#sent.add(signal);
    return process.kill(this.nodeRed.pid, signal);
  }

  /** Starts it again as often as it ends, until told to stop. */
  async keep(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      if (this.nodeRed.ended !== null) await this.#startAgain();
      await wait(POLL_MS);
    }
  }

  async #startAgain(): Promise<void> {
    this.#isUp = false;
    this.ends.push(this.#howItEnded());
    this.#sent.clear();
    try {
      await this.nodeRed.startAgain();
      this.#isUp = true;
    } catch (error) {
      // Killed while it was starting: then it is started once more.
      if (this.nodeRed.ended === null) throw error;
    }
  }

  #howItEnded(): LifeEnd {
    const { code, signal } = this.nodeRed.ended ?? { code: null, signal: null };
    const isAsked =
      (code === 0 && this.#sent.has("SIGTERM")) ||
      (signal !== null && this.#sent.has(signal)) ||
      (signal === "SIGKILL" && this.#mayDie());
    return {
      isCrash: code !== 0,
      fault: isAsked ? undefined : `Node-RED ended by itself with ${signal ?? `exit code ${code}`}`,
    };
  }
}
