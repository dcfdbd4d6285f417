import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAPERS = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT });
/** What stands in round brackets after text in square ones, and is no address of another site. */
const LINK = /\]\((?!https?:)([^)\s]+)\)/g;

describe("the links in the papers", () => {
  it("lead to files and headings that are there", () => {
    const links = PAPERS.flatMap((paper) =>
      Array.from(read(paper).matchAll(LINK), ([, link = ""]) => ({ paper, link })),
    );
    assert.ok(links.length > 0);
    assert.deepEqual(
      links.filter(({ paper, link }) => !leadsSomewhere(paper, link)),
      [],
    );
  });

  it("that the dialogs and the log give are of this package's repository, and lead somewhere, too", () => {
    const { repository } = JSON.parse(read("package.json"));
    const base = repository.url.replace(/^git\+/, "").replace(/\.git$/, "/blob/main/");
    const links = globSync(["nodes/*.html", "src/node-red/*.ts"], { cwd: ROOT }).flatMap((file) =>
      Array.from(read(file).matchAll(/https:\/\/[^\s"`]+\.md\b[^\s"`]*/g), ([link]) => link),
    );
    assert.equal(links.length, 2);
    assert.deepEqual(
      links.filter((link) => !link.startsWith(base) || !leadsSomewhere("README.md", link.slice(base.length))),
      [],
    );
  });
});

function leadsSomewhere(paper: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? paper : relative(ROOT, join(ROOT, dirname(paper), path));
  if (!existsSync(join(ROOT, target))) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** As GitHub makes anchors of headings. */
function headingsOf(paper: string): readonly string[] {
  return Array.from(read(paper).matchAll(/^#+ (.*)$/gm), ([, text = ""]) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function read(paper: string): string {
  return readFileSync(join(ROOT, paper), "utf8");
}
