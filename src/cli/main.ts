#!/usr/bin/env node
import { runCommandLine } from "./run-command-line.ts";

/** The command `exec-sessions`. */
process.exit(await runCommandLine(process.argv.slice(2)));
