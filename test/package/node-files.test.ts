import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readNodeDefinition } from "./node-definition.ts";
import { repository } from "./packed-package.ts";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
const nodeTypes = Object.keys(manifest["node-red"].nodes);
const exampleTypes = new Set(
  readdirSync(join(repository, "examples"))
    .flatMap((file): { type: string }[] =>
      JSON.parse(readFileSync(join(repository, "examples", file), "utf8")),
    )
    .map(({ type }) => type),
);

describe("every node", () => {
  it("is one of the six", () => {
    assert.deepEqual(nodeTypes, [
      "exec-container",
      "exec-create",
      "exec-start",
      "exec-stop",
      "exec-remove",
      "exec-resize",
    ]);
  });

  for (const type of nodeTypes) {
    describe(type, () => {
      const html = readFileSync(join(repository, "nodes", `${type}.html`), "utf8");

      it("is registered by an inline script that the scorecard can read, with literals (N01)", () => {
        const { types, literals } = readNodeDefinition(html);
        assert.deepEqual(types, [type]);
        const isConfig = literals.category === "config";
        const wanted = isConfig ? ["category"] : ["category", "color", "inputs", "outputs", "icon"];
        assert.deepEqual(
          wanted.filter((key) => literals[key] === undefined),
          [],
        );
      });

      it("has its edit dialog and its help", () => {
        assert.ok(html.includes(`data-template-name="${type}"`));
        assert.ok(html.includes(`data-help-name="${type}"`));
      });

      it("has an icon of its own, or is a configuration", () => {
        const { literals } = readNodeDefinition(html);
        const icon = String(literals.icon);
        assert.ok(literals.category === "config" || existsSync(join(repository, "icons", icon)), icon);
      });

      it("has every text that its dialog shows in the English locale", () => {
        const locale = JSON.parse(readFileSync(join(repository, `nodes/locales/en-US/${type}.json`), "utf8"));
        const keys = [...html.matchAll(/data-i18n="([^"]*)"/g)].flatMap(([, value = ""]) => keysOf(value));
        const ownKeys = keys.filter((key) => !key.includes(":"));
        assert.ok(ownKeys.length > 0);
        assert.deepEqual(
          ownKeys.filter((key) => typeof textAt(locale, key) !== "string"),
          [],
        );
      });

      it("is in an example (N02)", () => {
        assert.ok(exampleTypes.has(type));
      });
    });
  }
});

describe("every example", () => {
  for (const file of readdirSync(join(repository, "examples"))) {
    it(`begins with a comment and uses nodes of this package and of Node-RED only: ${file}`, () => {
      const flow: { type: string }[] = JSON.parse(readFileSync(join(repository, "examples", file), "utf8"));
      assert.equal(flow[0]?.type, "comment");
      const known = new Set([
        ...nodeTypes,
        "tab",
        "comment",
        "inject",
        "debug",
        "change",
        "catch",
        "complete",
      ]);
      assert.deepEqual(
        flow.map(({ type }) => type).filter((type) => !known.has(type)),
        [],
      );
    });
  }
});

/** `[placeholder]a.b;[title]c.d` names two. */
function keysOf(value: string): string[] {
  return value.split(";").map((part) => part.replace(/^\[[^\]]*\]/, "").trim());
}

function textAt(locale: unknown, key: string): unknown {
  return key.split(".").reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), locale);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
