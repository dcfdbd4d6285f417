import { execFile } from "node:child_process";
import { chown, copyFile, lstat, mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A mount as config.json writes it. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What a container needs to know of its root file system. */
export interface RootFileSystem {
  readonly path: string;
  /** Mounts that bring in what the folder itself lacks. Empty: it has everything. */
  readonly mounts: readonly OciMount[];
}

/** Users beside root. `app` has two supplementary groups; `plain` has none; both own their home folders. */
const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
app:x:1000:1000:An application:/home/app:/bin/sh
plain:x:1001:1001::/home/plain:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;
const GROUP = `root:x:0:
daemon:x:1:
audio:x:29:app
app:x:1000:
plain:x:1001:
staff:x:50:daemon,app
nogroup:x:65534:
`;
const HOMES = [
  { path: "home/app", id: 1000 },
  { path: "home/plain", id: 1001 },
];
const FOLDERS = ["dev", "etc", "home", "proc", "root", "sys", "tmp", "var"];
/** Where a usual distribution keeps its programs and libraries; some are links into /usr. */
const HOST_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/** A program linked to libraries names their loader in its first page. */
const DYNAMIC_LOADER = "/ld-";
const FIRST_PAGE_BYTES = 4096;

/**
 * Makes a root file system in a folder of this machine, without any image: from a busybox that needs no libraries if
 * there is one, else of read-only mounts of the machine's own programs.
 */
export async function makeRootFileSystem(path: string): Promise<RootFileSystem> {
  for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
  await writeFile(join(path, "etc/passwd"), PASSWD);
  await writeFile(join(path, "etc/group"), GROUP);
  for (const home of HOMES) {
    await mkdir(join(path, home.path), { recursive: true });
    await chown(join(path, home.path), home.id, home.id);
  }
  const busybox = await findStaticBusybox();
  if (busybox === undefined) return { path, mounts: await mountHostPrograms(path) };
  await installBusybox(busybox, path);
  return { path, mounts: [] };
}

async function findStaticBusybox(): Promise<string | undefined> {
  for (const file of ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"]) {
    const program = await readFile(file).catch(() => undefined);
    if (program?.subarray(0, FIRST_PAGE_BYTES).includes(DYNAMIC_LOADER) === false) return file;
  }
  return undefined;
}

async function installBusybox(busybox: string, path: string): Promise<void> {
  await mkdir(join(path, "bin"), { recursive: true });
  await copyFile(busybox, join(path, "bin/busybox"));
  const { stdout } = await execute(busybox, ["--list"]);
  const applets = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  await Promise.all(applets.map((name) => symlink("busybox", join(path, "bin", basename(name)))));
}

async function mountHostPrograms(path: string): Promise<readonly OciMount[]> {
  const mounts: OciMount[] = [];
  for (const folder of HOST_FOLDERS) {
    const found = await lstat(folder).catch(() => undefined);
    if (found?.isSymbolicLink()) {
      await symlink(await readlink(folder), join(path, folder));
    } else if (found !== undefined) {
      await mkdir(join(path, folder), { recursive: true });
      mounts.push({ destination: folder, type: "bind", source: folder, options: ["rbind", "ro"] });
    }
  }
  return mounts;
}
