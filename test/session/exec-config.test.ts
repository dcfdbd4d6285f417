import assert from "node:assert/strict";
import fc from "fast-check";
import { type ExecConfig, parseExecConfig } from "../../src/session/exec-config.ts";
import { showValue } from "../../src/session/session-error.ts";

const MIB = 1024 * 1024;

/** Every field, with a value that differs from its default. */
const FULL: ExecConfig = {
  command: ["sh", "-c", "exit 3", ""],
  tty: true,
  attachStdin: true,
  attachStdout: false,
  attachStderr: false,
  detachKeys: "ctrl-a,d",
  env: { LANG: "C", EMPTY: "" },
  privileged: true,
  user: "www-data:33",
  workDir: "/srv",
  preserveFds: [],
  extraFiles: [],
  consoleSize: { columns: 132, rows: 50 },
  timeout: 0.5,
  stopSignal: "SIGINT",
  stopTimeout: 0,
  labels: { job: "vacuum" },
  output: { maxBytes: 65536, replayBytes: 0, policy: "block" },
};

describe("an exec configuration", () => {
  it("needs a command only, and says what everything else then is", () => {
    assert.deepEqual(parseExecConfig({ command: ["true"] }), {
      command: ["true"],
      tty: false,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      env: {},
      privileged: false,
      user: "",
      workDir: "",
      preserveFds: [],
      extraFiles: [],
      timeout: 0,
      labels: {},
      output: { maxBytes: 64 * MIB, replayBytes: 8 * MIB, policy: "dropOldest" },
    });
  });

  it("keeps every field that is given", () => {
    assert.deepEqual(parseExecConfig(FULL), FULL);
    const withFiles = { command: ["true"], preserveFds: [5, 3, 3], extraFiles: ["/etc/passwd", "/a b"] };
    const { preserveFds, extraFiles } = parseExecConfig(withFiles);
    assert.deepEqual(
      { preserveFds, extraFiles },
      { preserveFds: [5, 3, 3], extraFiles: ["/etc/passwd", "/a b"] },
    );
  });

  it("has standard error on its own without a TTY, and as part of standard output with one", () => {
    const attachStderr = (config: object) => parseExecConfig({ command: ["true"], ...config }).attachStderr;
    assert.deepEqual([{}, { tty: true }, { attachStderr: false }, { attachStderr: true }].map(attachStderr), [
      true,
      false,
      false,
      true,
    ]);
  });

  it("treats a field that is undefined as absent", () => {
    const undefinedFields = Object.fromEntries(Object.keys(FULL).map((field) => [field, undefined]));
    assert.deepEqual(parseExecConfig({ ...undefinedFields, command: ["true"] }), {
      ...parseExecConfig({ command: ["true"] }),
      ...absentOptionals,
    });
  });

  it("is, once parsed, a configuration that parses to itself", () => {
    fc.assert(
      fc.property(validConfig, (raw) => {
        const config = parseExecConfig(raw);
        assert.deepEqual(parseExecConfig(config), config);
        assert.deepEqual(
          parseExecConfig(JSON.parse(JSON.stringify(config))),
          JSON.parse(JSON.stringify(config)),
        );
      }),
    );
  });

  it("takes a stop signal by any name or number, and keeps its usual name", () => {
    const stopSignal = (raw: string | number) =>
      parseExecConfig({ command: ["true"], stopSignal: raw }).stopSignal;
    assert.deepEqual(["int", "SIGIOT", 15, "9"].map(stopSignal), ["SIGINT", "SIGABRT", "SIGTERM", "SIGKILL"]);
  });

  it("may name a user, a user and a group, by name or number, or none", () => {
    const users = ["", "root", "0", "1000:1000", "www-data:adm"];
    assert.deepEqual(
      users.map((user) => parseExecConfig({ command: ["true"], user }).user),
      users,
    );
  });
});

const COMMAND_RULE = "a list of strings without NUL bytes, the first of them the program, which is not empty";
const SECONDS_RULE = "a number of seconds from 0 to 2147483";
const SIZE_RULE = "{columns, rows}, both whole numbers from 1 to 65535";
const OUTPUT_RULE = "{maxBytes from 65536, replayBytes from 0, policy dropOldest, block or stop}";
const LABELS_RULE = "an object of names, not empty and not __proto__, and string values, without NUL bytes";
const USER_RULE = "empty or name|uid[:group|gid], without NUL bytes";
const KEYS_RULE =
  "empty, or printable ASCII characters and ctrl- with a letter or one of @ [ \\ ] ^ _, separated by commas";

describe("a bad field of an exec configuration", () => {
  for (const [field, rule, values] of [
    [
      "command",
      COMMAND_RULE,
      [undefined, null, [], [""], ["", "a"], "ls -l", ["a", 1], ["a", null], ["a\0b"], [["a"]], {}],
    ],
    ["tty", "true or false", ["yes", 1, 0, null]],
    ["attachStdin", "true or false", ["true"]],
    ["attachStdout", "true or false", ["true"]],
    ["attachStderr", "true or false", ["true", null]],
    ["privileged", "true or false", ["true"]],
    ["detachKeys", KEYS_RULE, ["ctrl-p,", "ctrl-", "ab", "ctrl-p\0", "é", null, 16]],
    ["user", USER_RULE, [":", ":adm", "root:", "a:b:c", "root\0", 0, null]],
    [
      "workDir",
      "empty or an absolute path without NUL bytes",
      ["tmp", "./x", "~", " /tmp", "/a\0b", null, 1],
    ],
    ["preserveFds", "a list of file descriptors from 3 on", [2, [2], [-1], [3.5], ["3"], [Number.NaN], null]],
    ["extraFiles", "a list of absolute paths without NUL bytes", ["/a", ["a"], [""], ["/a\0"], [1]]],
    ["timeout", SECONDS_RULE, [-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, 2147484, "10", null, 1n]],
    ["stopTimeout", SECONDS_RULE, [-1, Number.NaN, Number.POSITIVE_INFINITY, 2147484, "10", null]],
    [
      "stopSignal",
      "a signal's name such as SIGTERM, or its number from 1 to 31",
      ["SIGFOO", "", 0, 64, 1.5, null, ["SIGTERM"]],
    ],
    [
      "labels",
      LABELS_RULE,
      [{ "": "x" }, { a: 1 }, { a: "\0" }, ["a=b"], "a", null, JSON.parse('{"__proto__":"x"}')],
    ],
    [
      "output",
      OUTPUT_RULE,
      [
        { maxBytes: 65535 },
        { maxBytes: 1e6 + 0.5 },
        { replayBytes: -1 },
        { policy: "drop" },
        { command: 1 },
        7,
        null,
      ],
    ],
  ] as const) {
    for (const value of values) {
      it(`is refused: ${field} ${showValue(value)}`, () => {
        assertRefused(
          { command: ["true"], [field]: value },
          field,
          `"${field}" must be ${rule}; got ${showValue(value)}.`,
        );
      });
    }
  }

  for (const size of [
    { columns: 0, rows: 24 },
    { columns: 80, rows: -1 },
    { columns: 80.5, rows: 24 },
    { columns: 65536, rows: 24 },
    { columns: Number.NaN, rows: 24 },
    { columns: "80", rows: 24 },
    { columns: 80 },
    { columns: 80, rows: 24, tty: 1 },
    [80, 24],
    "80x24",
    null,
  ]) {
    it(`is refused: consoleSize ${showValue(size)}`, () => {
      const sentence = `"consoleSize" must be ${SIZE_RULE}; got ${showValue(size)}.`;
      assertRefused({ command: ["true"], tty: true, consoleSize: size }, "consoleSize", sentence);
    });
  }

  it("is refused: an environment, without a word of its values", () => {
    const rule = "an object of names and string values, or a list of NAME=value";
    for (const [env, fault] of [
      [{ TOKEN: "s3cr3t", PORT: 8080 }, 'the value of "PORT" is a number'],
      [["TOKEN=s3cr3t", "=s3cr3t"], "entry 2 has no name"],
      ["TOKEN=s3cr3t", "it is a string"],
    ] as const) {
      assertRefused({ command: ["true"], env }, "env", `"env" must be ${rule}; ${fault}.`);
    }
  });

  it("is refused: a field that does not exist, even one that every object has", () => {
    for (const field of ["cmd", "Command", "constructor", "toString"]) {
      const error = refusal({ command: ["true"], [field]: "s3cr3t" });
      assert.match(
        error.message,
        new RegExp(`^There is no field "${field}"; allowed are command, tty, .*, output\\.$`),
      );
      assert.deepEqual(error.details, { field });
      assert.equal(error.message.includes("s3cr3t"), false);
    }
    const unsafe = refusal(JSON.parse('{"command":["true"],"__proto__":{}}'));
    assert.match(unsafe.message, /^There is no field "__proto__"; /);
  });

  it("is the first one, when there are several", () => {
    assert.deepEqual(refusal({ output: 1, tty: 1, command: [], nonsense: 1 }).details, { field: "command" });
  });
});

describe("an exec configuration whose fields disagree", () => {
  for (const [config, field, sentence] of [
    [
      { tty: true, attachStderr: true },
      "attachStderr",
      '"attachStderr" must be absent or false with tty, because a terminal has no separate standard error; got true.',
    ],
    [
      { consoleSize: { columns: 80, rows: 24 } },
      "consoleSize",
      '"consoleSize" must be absent without tty; got { columns: 80, rows: 24 }.',
    ],
    [
      { tty: true, preserveFds: [3] },
      "preserveFds",
      '"preserveFds" must be empty with tty, because a terminal session passes no other file descriptors; got [ 3 ].',
    ],
    [
      { tty: true, extraFiles: ["/a"] },
      "extraFiles",
      "\"extraFiles\" must be empty with tty, because a terminal session passes no other file descriptors; got [ '/a' ].",
    ],
  ] as const) {
    it(`is refused: ${showValue(config)}`, () => {
      assertRefused({ command: ["true"], ...config }, field, sentence);
    });
  }
});

describe("what is no configuration at all", () => {
  for (const [raw, kind] of [
    ['{"env":{"TOKEN":"s3cr3t"}}', "a string"],
    [[{ env: { TOKEN: "s3cr3t" } }], "a list"],
    [null, "null"],
    [undefined, "undefined"],
    [7, "a number"],
  ] as const) {
    it(`is refused: ${kind}, without showing it`, () => {
      const { code, message } = refusal(raw);
      assert.deepEqual(
        [code, message],
        ["EXEC_INVALID_CONFIG", `The configuration must be an object with a command; got ${kind}.`],
      );
    });
  }
});

const absentOptionals = {
  detachKeys: undefined,
  consoleSize: undefined,
  stopSignal: undefined,
  stopTimeout: undefined,
};

const plainText = fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => !text.includes("\0"));
const name = plainText.filter((text) => text !== "" && text !== "__proto__" && !text.includes("="));
const path = plainText.map((text) => `/${text}`);
const validConfig = fc.record(
  {
    command: fc.tuple(name, fc.array(plainText)).map(([program, args]) => [program, ...args]),
    attachStdin: fc.boolean(),
    attachStdout: fc.boolean(),
    attachStderr: fc.boolean(),
    detachKeys: fc.constantFrom("", "a", "ctrl-p,ctrl-q"),
    env: fc.oneof(
      fc.dictionary(name, plainText),
      fc.array(fc.tuple(name, plainText).map(([left, right]) => `${left}=${right}`)),
    ),
    privileged: fc.boolean(),
    user: fc.constantFrom("", "root", "0:0"),
    workDir: fc.oneof(fc.constant(""), path),
    preserveFds: fc.array(fc.integer({ min: 3, max: 1000 })),
    extraFiles: fc.array(path),
    timeout: fc.double({ min: 0, max: 2147483, noNaN: true }),
    stopSignal: fc.oneof(fc.constantFrom("term", "SIGIOT"), fc.integer({ min: 1, max: 31 })),
    stopTimeout: fc.integer({ min: 0, max: 2147483 }),
    labels: fc.dictionary(name, plainText),
    output: fc.record(
      {
        maxBytes: fc.integer({ min: 65536 }),
        replayBytes: fc.nat(),
        policy: fc.constantFrom("dropOldest", "block", "stop"),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["command"], noNullPrototype: true },
);

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
}

function refusal(raw: unknown): Refusal {
  try {
    parseExecConfig(raw);
  } catch (error) {
    assert.equal(JSON.stringify(error).includes("s3cr3t"), false);
    assert.equal(Object(error).cause, undefined);
    return error as Refusal;
  }
  return assert.fail(`accepted: ${showValue(raw)}`);
}

function assertRefused(raw: unknown, field: string, sentence: string): void {
  const { code, message, details } = refusal(raw);
  assert.deepEqual(
    { code, message, details },
    { code: "EXEC_INVALID_CONFIG", message: sentence, details: { field } },
  );
  assert.equal(message.includes("s3cr3t"), false);
}
