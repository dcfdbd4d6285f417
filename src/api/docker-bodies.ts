import * as z from "zod";

/** A terminal's output as it is. */
export const RAW_STREAM = "application/vnd.docker.raw-stream";
/** Output in frames that tell standard output and standard error apart. */
export const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";

const flag = z.boolean().default(false);
/** Docker's clients send null for what was not given. */
const nullable = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]).optional();
const heightAndWidth = z.tuple([z.int().min(0), z.int().min(0)]);

/** What Docker's and Podman's clients create an exec session with. Fields that are not here mean nothing to it. */
export const dockerExecSchema = z
  .object({
    Cmd: z.array(z.string()),
    Tty: flag,
    AttachStdin: flag,
    AttachStdout: flag.meta({ description: "False: the command's output goes to /dev/null." }),
    AttachStderr: flag,
    DetachKeys: z.string().default("").meta({ description: "Empty: ctrl-p,ctrl-q." }),
    Env: nullable(z.array(z.string())).meta({
      description: "A list of NAME=value. What has no `=` is passed over, as Podman does.",
    }),
    Privileged: flag,
    User: z.string().default(""),
    WorkingDir: z.string().default(""),
    ConsoleSize: nullable(heightAndWidth).meta({ description: "[height, width]; only with Tty." }),
  })
  .meta({ id: "DockerExecConfig" });
export type DockerExec = z.output<typeof dockerExecSchema>;

/** How Docker's clients (`ConsoleSize`) and Podman's (`h`, `w`) start a session. */
export const dockerStartSchema = z
  .object({
    Detach: flag,
    Tty: z
      .boolean()
      .optional()
      .meta({ description: "Without effect: whether there is a terminal was said at create." }),
    ConsoleSize: nullable(heightAndWidth),
    h: z.int().min(0).optional(),
    w: z.int().min(0).optional(),
  })
  .meta({ id: "DockerExecStart" });
export type DockerStart = z.output<typeof dockerStartSchema>;

export const podmanRemoveSchema = z
  .object({ Force: flag.meta({ description: "Stops a running session first." }) })
  .meta({ id: "RemoveOptions" });
