import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHostOptions } from "../../src/api/host-options.ts";
import { launchSessionHost } from "../../src/client/launch-session-host.ts";
import { createScopePrefix } from "../../src/client/systemd-scope.ts";

const TELLING_HOST = fileURLToPath(new URL("./fixtures/telling-host.ts", import.meta.url));

/** Does what systemd-run does in a scope: becomes the command. Which scope it was in, the command can tell by a variable. */
const WORKING = `#!/bin/sh
for argument; do
  shift
  case $argument in
    --) FAKE_SCOPE=$options exec "$@";;
    *) options="$options $argument";;
  esac
done
`;

describe("a systemd scope for a session host", () => {
  let folder: string;
  let options: { readonly systemdRun: string; readonly bootedMark: string };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "scope-"));
    options = { systemdRun: join(folder, "systemd-run"), bootedMark: folder };
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function install(script: string): void {
    writeFileSync(options.systemdRun, script, { mode: 0o755 });
  }

  it("is one of its own, and is forgotten when it ends, even if it fails", async () => {
    install(WORKING);
    const [program, ...args] = await createScopePrefix(options);
    assert.equal(program, options.systemdRun);
    const manager = process.getuid?.() === 0 ? [] : ["--user"];
    assert.deepEqual(args.slice(0, -2), ["--scope", "--quiet", "--collect", "--no-ask-password", ...manager]);
    assert.match(args.at(-2) ?? "", /^--unit=exec-sessions-host-[0-9a-f]{12}$/);
    assert.equal(args.at(-1), "--");
  });

  it("is done without where systemd is not the init system, or fails, or is missing", async () => {
    assert.deepEqual(await createScopePrefix(options), []);
    install("#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n");
    assert.deepEqual(await createScopePrefix(options), []);
    install(`#!/bin/sh\ntouch ${folder}/asked\n`);
    assert.deepEqual(await createScopePrefix({ ...options, bootedMark: join(folder, "none") }), []);
    assert.equal(existsSync(join(folder, "asked")), false);
  });

  it("is not waited for when systemd does not answer", async function () {
    this.timeout(30_000);
    install("#!/bin/sh\nexec sleep 1000\n");
    assert.deepEqual(await createScopePrefix(options), []);
  });

  it("is done without where it works for a trial only", async () => {
    install(`#!/bin/sh\n[ -e ${folder}/tried ] && exit 1\ntouch ${folder}/tried\n`);
    const { pid } = await launchSessionHost(parseHostOptions({ stateDir: folder }), {
      program: TELLING_HOST,
      scope: options,
    });
    const facts = JSON.parse(readFileSync(join(folder, "facts.json"), "utf8"));
    assert.deepEqual([facts.pid, facts.scope], [pid, null]);
  });

  it("has the host in it, with its pid", async () => {
    install(WORKING);
    const host = parseHostOptions({ stateDir: folder });
    const { pid } = await launchSessionHost(host, { program: TELLING_HOST, scope: options });
    const facts = JSON.parse(readFileSync(join(folder, "facts.json"), "utf8"));
    assert.deepEqual([facts.pid, facts.session], [pid, pid]);
    assert.match(facts.scope, /--scope .*--unit=exec-sessions-host-/);
  });
});
