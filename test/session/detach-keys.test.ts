import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_DETACH_KEYS, DetachKeyFilter, parseDetachKeys } from "../../src/session/detach-keys.ts";
import { showValue } from "../../src/session/session-error.ts";

describe("detach keys", () => {
  for (const [text, bytes] of [
    ["ctrl-p,ctrl-q", [0x10, 0x11]],
    ["ctrl-P,ctrl-Q", [0x10, 0x11]],
    ["ctrl-a", [1]],
    ["ctrl-z", [26]],
    ["ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", [0, 27, 28, 29, 30, 31]],
    ["a,B,~, ", [0x61, 0x42, 0x7e, 0x20]],
    ["-", [0x2d]],
    ["", []],
  ] as const) {
    it(`${showValue(text)} are the bytes ${showValue(bytes)}`, () => {
      assert.deepEqual([...(parseDetachKeys(text) ?? "nothing")], [...bytes]);
    });
  }

  it("are ctrl-p,ctrl-q unless something else is said", () => {
    assert.equal(DEFAULT_DETACH_KEYS, "ctrl-p,ctrl-q");
  });

  for (const text of [
    "ctrl-p,",
    ",ctrl-p",
    "ctrl-p,,ctrl-q",
    ",",
    ",,",
    "ctrl-",
    "ctrl-pq",
    "ctrl-1",
    "ctrl-,",
    "Ctrl-p",
    "ctrl-p, ctrl-q",
    "ctrl-p;ctrl-q",
    "ab",
    "é",
    "\n",
    "\0",
    "\x7f",
    "😀",
  ]) {
    it(`are not ${showValue(text)}`, () => {
      assert.equal(parseDetachKeys(text), undefined);
    });
  }
});

describe("the detach key filter", () => {
  it("finds the keys in one chunk, and forwards what came before them", () => {
    assert.deepEqual(feed("\x10\x11", ["ls\r\x10\x11rest"]), { forwarded: ["ls\r"], detached: true });
  });

  it("finds the keys in two chunks, and forwards none of them", () => {
    assert.deepEqual(feed("\x10\x11", ["ls\r\x10", "\x11"]), { forwarded: ["ls\r", ""], detached: true });
  });

  it("forwards withheld keys with the chunk that turns out not to go on with them", () => {
    assert.deepEqual(feed("\x10\x11", ["a\x10", "b"]), { forwarded: ["a", "\x10b"], detached: false });
  });

  it("finds keys that begin inside what looked like their beginning", () => {
    assert.deepEqual(feed("aab", ["aa", "ab"]), { forwarded: ["", "a"], detached: true });
    assert.deepEqual(feed("abab!", ["aba", "babab!"]).detached, true);
  });

  it("withholds nothing once no more input comes", () => {
    const filter = new DetachKeyFilter(Buffer.from("\x10\x11"));
    assert.equal(filter.push(Buffer.from("a\x10")).forward.toString(), "a");
    assert.equal(filter.flush().toString(), "\x10");
    assert.equal(filter.flush().length, 0);
  });

  it("forwards everything at once when the keys are empty", () => {
    const filter = new DetachKeyFilter(Buffer.alloc(0));
    const chunk = Buffer.from("\x10\x11");
    assert.deepEqual(filter.push(chunk), { forward: chunk, detached: false });
    assert.equal(filter.flush().length, 0);
  });

  it("finds the keys, and forwards exactly what comes before them, however the input is cut", () => {
    fc.assert(
      fc.property(keysAndInput, ({ keys, chunks }) => {
        const input = Buffer.concat(chunks);
        const at = input.indexOf(keys);
        const { forwarded, detached } = run(keys, chunks);
        assert.equal(detached, at !== -1);
        assert.deepEqual(Buffer.concat(forwarded), at === -1 ? input : input.subarray(0, at));
      }),
    );
  });

  it("withholds after each chunk no more than the longest beginning of the keys that the input ends with", () => {
    fc.assert(
      fc.property(keysAndInput, ({ keys, chunks }) => {
        const filter = new DetachKeyFilter(keys);
        let input = Buffer.alloc(0);
        let forwardedBytes = 0;
        for (const chunk of chunks) {
          input = Buffer.concat([input, chunk]);
          const { forward, detached } = filter.push(chunk);
          if (detached) return;
          forwardedBytes += forward.length;
          assert.equal(input.length - forwardedBytes, openBeginning(input, keys));
        }
      }),
    );
  });
});

/** Keys of few different bytes, so that inputs of the same bytes hold them and their beginnings often. */
const keysAndInput = fc.constantFrom(1, 2, 3).chain((kinds) => {
  const byte = fc.integer({ min: 0, max: kinds });
  const bytes = (limits: { minLength?: number; maxLength: number }) =>
    fc.array(byte, limits).map((values) => Buffer.from(values));
  return fc.record({
    keys: bytes({ minLength: 1, maxLength: 5 }),
    chunks: fc.array(bytes({ maxLength: 6 }), { maxLength: 12 }),
  });
});

/** Says it as a definition rather than as the filter does: the longest proper beginning that ends the input. */
function openBeginning(input: Buffer, keys: Buffer): number {
  const lengths = Array.from({ length: Math.min(keys.length, input.length + 1) }, (_, length) => length);
  return Math.max(
    ...lengths.filter((length) => input.toString("latin1").endsWith(keys.toString("latin1", 0, length))),
  );
}

/** Feeds chunks until the keys are found or the input ends, as a terminal does. */
function run(keys: Buffer, chunks: readonly Buffer[]): { forwarded: Buffer[]; detached: boolean } {
  const filter = new DetachKeyFilter(keys);
  const forwarded: Buffer[] = [];
  for (const chunk of chunks) {
    const { forward, detached } = filter.push(chunk);
    forwarded.push(forward);
    if (detached) return { forwarded, detached };
  }
  return { forwarded: [...forwarded, filter.flush()], detached: false };
}

function feed(keys: string, chunks: readonly string[]): { forwarded: string[]; detached: boolean } {
  const { forwarded, detached } = run(
    Buffer.from(keys),
    chunks.map((chunk) => Buffer.from(chunk)),
  );
  const texts = forwarded.map(String);
  return { forwarded: detached ? texts : texts.slice(0, -1), detached };
}
