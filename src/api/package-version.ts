import { readFileSync } from "node:fs";
import * as z from "zod";

/** The version of this package. */
export function packageVersion(): string {
  version ??= readVersion();
  return version;
}

let version: string | undefined;

const NAME = "@exec-sessions/node-red";
/** As seen from the sources, and from the built package. */
const PACKAGE_FILES = ["../../package.json", "../../../package.json"];

const packageSchema = z.object({ name: z.literal(NAME), version: z.string() });

function readVersion(): string {
  for (const path of PACKAGE_FILES) {
    const parsed = packageSchema.safeParse(readJson(new URL(path, import.meta.url)));
    if (parsed.success) return parsed.data.version;
  }
  throw new Error(`the package.json of ${NAME} is not where it belongs`);
}

/** Undefined: there is none here. */
function readJson(file: URL): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
