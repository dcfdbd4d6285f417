import type { ExecConfig } from "../session/exec-config.ts";
import { ContainerRoot } from "./container-root.ts";
import { type ProcessDefaults, type ProcessRequest, resolveRequest } from "./process-request.ts";
import type { ProcessUser } from "./user-lookup.ts";

/** The only container of the local runtime: the machine itself. */
export const LOCAL_CONTAINER_ID = "local";

/** A command as this machine will run it: this process's user, environment and working directory, merged with the request. */
export async function resolveOnMachine(config: ExecConfig): Promise<ProcessRequest> {
  const self = ownUser();
  const request = await resolveRequest({
    config,
    defaults: ownDefaults(self, config.user),
    container: LOCAL_CONTAINER_ID,
    openRoot: () => ContainerRoot.open("/"),
  });
  const user = isOtherUser(request.user) ? withoutGroups(request.user) : self;
  return { ...request, user };
}

/** Whether a command's user is not this process's own, so that the process must change it. */
export function isOtherUser({ uid, gid }: ProcessUser): boolean {
  const self = ownUser();
  return uid !== self.uid || gid !== self.gid;
}

/** HOME belongs to a user: that of this process's is wrong for any that was asked for by name. */
function ownDefaults(user: ProcessUser, requestedUser: string): ProcessDefaults {
  const env = Object.entries(process.env).map(([name, value = ""]) => `${name}=${value}`);
  const own = requestedUser === "" ? env : env.filter((entry) => !entry.startsWith("HOME="));
  return { user, workDir: process.cwd(), env: own };
}

function ownUser(): ProcessUser {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    additionalGids: process.getgroups?.() ?? [],
  };
}

/** Node.js drops all supplementary groups when a child changes its user, and cannot set others. */
function withoutGroups({ uid, gid }: ProcessUser): ProcessUser {
  return { uid, gid, additionalGids: [] };
}
