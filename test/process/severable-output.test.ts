import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { SeverableOutput } from "../../src/process/severable-output.ts";

const TURNS = 20;

describe("a severable output", () => {
  it("gives all bytes and the end of its source", async () => {
    const source = new PassThrough();
    const output = new SeverableOutput(source);
    source.write("one");
    source.end("two");
    let text = "";
    for await (const chunk of output) text += chunk;
    assert.deepEqual([text, output.receivedBytes], ["onetwo", 6]);
  });

  it("has no end once it has been severed, and its source is closed", async () => {
    const source = new PassThrough();
    const output = new SeverableOutput(source);
    const events: string[] = [];
    for (const name of ["end", "close", "error"]) output.on(name, () => events.push(name));
    output.resume();
    const closed = once(source, "close");
    output.sever();
    await closed;
    for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
    assert.deepEqual(events, []);
    output.destroy();
  });

  it("takes so much ahead of its reader as it is told to, and no more", async () => {
    const source = new PassThrough();
    const output = new SeverableOutput(source);
    const piece = Buffer.alloc(output.readableHighWaterMark);
    source.write(piece);
    await new Promise(setImmediate);
    assert.equal(output.isBackedUp, true);
    output.takeAhead(2 * piece.length);
    for (const isBackedUp of [false, true]) {
      source.write(piece);
      await new Promise(setImmediate);
      assert.equal(output.isBackedUp, isBackedUp);
    }
    assert.equal(output.readableLength, 3 * piece.length);
    output.destroy();
    source.destroy();
  });

  it("is backed up while nobody reads more than it holds", async () => {
    const source = new PassThrough();
    const output = new SeverableOutput(source);
    source.write("little");
    await new Promise(setImmediate);
    assert.equal(output.isBackedUp, false);
    source.write(Buffer.alloc(output.readableHighWaterMark));
    await new Promise(setImmediate);
    assert.equal(output.isBackedUp, true);
    output.resume();
    await new Promise(setImmediate);
    assert.equal(output.isBackedUp, false);
    output.destroy();
    source.destroy();
  });
});
