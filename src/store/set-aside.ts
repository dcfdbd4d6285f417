import { existsSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import type { SetAside } from "../session/session-store.ts";
import { makeFolder } from "./make-folder.ts";
import { systemReason } from "./store-error.ts";

/** Beside `sessions/`: what lay in there without being a session. Nothing in it is ever read or deleted again. */
const SET_ASIDE_FOLDER = "set-aside";
/** File names end at 255 bytes; a number comes behind, and a UTF-16 unit may take three of them. */
const MAX_NAME_LENGTH = 80;

/** Moves what is no session out of the way. Never throws: if even that fails, it stays where it is, and says so. */
export function setAside(stateDirectory: string, path: string, reason: string): SetAside {
  const folder = join(stateDirectory, SET_ASIDE_FOLDER);
  try {
    makeFolder(folder);
    const target = freePath(folder, basename(path).slice(0, MAX_NAME_LENGTH));
    renameSync(path, target);
    return { path: target, reason: sentence(path, reason) };
  } catch (error) {
    return { path, reason: `${sentence(path, reason)} It could not be moved: ${systemReason(error)}.` };
  }
}

/** Reports what is no session of ours without touching it. */
export function leaveAlone(path: string, reason: string): SetAside {
  return { path, reason: sentence(path, reason) };
}

function freePath(folder: string, name: string): string {
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}-${number}`);
    if (!existsSync(path)) return path;
  }
}

function sentence(path: string, reason: string): string {
  return `${basename(path)} ${reason}.`;
}
