import { writeSync } from "node:fs";
import { createSessionId } from "../../src/session/session-id.ts";
import { FileSessionStore } from "../../src/store/file-store.ts";
import { type Change, recordOf } from "./random-writer.ts";

/*
 * Changes the sessions of a state directory at random, many at the same time, until it is killed. Says of each change
 * on standard output when it was asked for and when it was done, one line of JSON each.
 */

const MAX_SESSIONS = 10;
const [directory = "", seed = ""] = process.argv.slice(2);
const store = new FileSessionStore(directory);
let changes = 0;
let state = Number(seed);

const revisions = new Map((await store.open()).sessions.map(({ id, revision }) => [id, revision]));
for (;;) {
  run(nextChange());
  // Now lets the changes under way get on, now heaps the next one on top of them.
  if (random(3) === 0) await new Promise(setImmediate);
}

function nextChange(): Change {
  const ids = [...revisions.keys()];
  const id = ids[random(ids.length)];
  if (id === undefined || (ids.length < MAX_SESSIONS && random(6) === 0))
    return nextRevision("create", createSessionId());
  if (random(12) === 0) {
    revisions.delete(id);
    return { verb: "remove", id, revision: 0 };
  }
  if (random(20) === 0) return { verb: "cleanup", id, revision: 0 };
  return nextRevision(random(2) === 0 ? "save" : "saveEnd", id);
}

function nextRevision(verb: "create" | "save" | "saveEnd", id: string): Change {
  const revision = (revisions.get(id) ?? 0) + 1;
  revisions.set(id, revision);
  return { verb, id, revision };
}

function run(change: Change): void {
  const number = changes++;
  say({ number, asked: change });
  perform(change).then(() => say({ number }));
}

function perform(change: Change): Promise<void> {
  switch (change.verb) {
    case "create":
      return store.create(recordOf(change));
    case "save":
    case "saveEnd":
      return store.save(recordOf(change));
    case "cleanup":
    case "remove":
      return store[change.verb](change.id);
  }
}

/** Standard output is a file, so that nothing said is lost with the process. */
function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** A whole number from 0 to limit - 1 (mulberry32, so that a seed gives the same changes again). */
function random(limit: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}
