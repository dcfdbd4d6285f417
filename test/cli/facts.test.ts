import assert from "node:assert/strict";
import { formatFacts } from "../../src/cli/facts.ts";
import { formatTable } from "../../src/cli/table.ts";

describe("facts", () => {
  it("are in one column, and left out where they are empty", () => {
    assert.equal(
      formatFacts({ Id: "1", "Start error": "", Labels: [], "Working directory": "/" }),
      "Id                 1\nWorking directory  /\n",
    );
  });

  it("are wrapped where they are lists, between words only", () => {
    assert.equal(
      formatFacts({ Text: "one two three", List: ["one", "two", "three", "seventeen"] }, 14),
      "Text  one two three\nList  one two\n      three\n      seventeen\n",
    );
  });

  it("show what would make a terminal do something, or turn a text around, as what it is", () => {
    assert.equal(
      formatFacts({ Text: "a\x1b[2J\x9b\x7f\u202eb\n\tä" }),
      "Text  a\\u001b[2J\\u009b\\u007f\\u202eb\\n\\tä\n",
    );
  });
});

describe("a table", () => {
  it("has columns as wide as their widest cells, and nothing at the ends of lines", () => {
    assert.equal(
      formatTable(
        ["ID", "STATUS"],
        [
          ["long id", "x"],
          ["1", ""],
        ],
      ),
      "ID        STATUS\nlong id   x\n1\n",
    );
  });

  it("cuts what a line has no room for, visibly", () => {
    assert.equal(formatTable(["ID", "STATUS"], [["1", "running"]], 8), "ID   ST…\n1    ru…\n");
  });
});
