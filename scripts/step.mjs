import { spawn } from "node:child_process";

/** A step that failed with nothing more to say than this sentence; a program of ours prints it without a stack. */
export class StepFailed extends Error {
  name = "StepFailed";
}

/** Runs one named step of a program; prints its name before and how long it took after, also when it throws. */
export async function step(title, action) {
  const begin = performance.now();
  console.log(`\n== ${title}`);
  try {
    const result = await action();
    console.log(`   done in ${seconds(begin)}`);
    return result;
  } catch (error) {
    console.log(`   FAILED after ${seconds(begin)}`);
    throw error;
  }
}

/** Prints a line that belongs to the running step. */
export function say(line) {
  console.log(`   ${line}`);
}

/** The time since `begin`, as people read it. */
export function seconds(begin) {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}

/** Runs a program in the foreground, its output shown; throws StepFailed unless it exits with 0. */
export async function run(command, args, options) {
  const { code, signal } = await runToEnd(command, args, options);
  if (code !== 0) {
    throw new StepFailed(`${shown(command, args)} ended with ${signal ?? `exit code ${code}`}.`);
  }
}

/** Runs a program in silence; resolves with its exit code and its output, both streams together. */
export async function capture(command, args, options) {
  const output = [];
  const { code } = await runToEnd(
    command,
    args,
    { stdio: ["ignore", "pipe", "pipe"], ...options },
    (child) => {
      child.stdout.on("data", (data) => output.push(data));
      child.stderr.on("data", (data) => output.push(data));
    },
  );
  return { code, output: Buffer.concat(output).toString() };
}

/** Runs a program and resolves with how it ended: its exit code or its signal. Shows its output, unless told otherwise. */
export function runToEnd(command, args, options, onSpawned = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], ...options });
    child.once("error", (error) => {
      reject(new StepFailed(`${shown(command, args)} could not be run: ${error.message}.`, { cause: error }));
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
    onSpawned(child);
  });
}

/** Runs a script's main function and turns how it ended into the exit code. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    printFailure(error);
    process.exitCode = 1;
  }
}

/** Shows why a step failed: a sentence where one says it, else the whole error. */
export function printFailure(error) {
  console.error(error instanceof StepFailed ? `\n${error.message}` : error);
}

function shown(command, args) {
  return [command, ...args].join(" ");
}
