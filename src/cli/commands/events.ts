import type { Command } from "commander";
import type { SessionEvent } from "../../session/session-event.ts";
import { parseWholeNumber } from "../parse-option.ts";
import { printable } from "../printable.ts";
import { runWithHost, type SessionCommandOptions, sessionCommand } from "../session-command.ts";
import { shortId, showContainer, showEnd } from "../show-session.ts";
import { writeJsonLine, writeLine } from "../write-output.ts";

interface EventsOptions extends SessionCommandOptions {
  readonly since?: number;
}

/** It goes on until it is ended; that its session host ends is therefore a failure. */
export function eventsCommand(): Command {
  return sessionCommand("events")
    .description("write what happens to sessions, as it happens")
    .option("--since <number>", "begin after this event; 0: with the oldest that is kept", parseWholeNumber)
    .action((options: EventsOptions) =>
      runWithHost(options, async ({ service, json }) => {
        const { since } = options;
        for await (const event of service.events(since === undefined ? {} : { since })) {
          await (json ? writeJsonLine(event) : writeLine(toText(event)));
        }
      }),
    );
}

function toText(event: SessionEvent): string {
  const { time, seq, type, sessionId, containerId } = event;
  const facts = factsOf(event);
  return [
    time,
    `#${seq}`,
    shortId(sessionId),
    showContainer(containerId),
    type,
    ...(facts === "" ? [] : [facts]),
  ].join("  ");
}

function factsOf(event: SessionEvent): string {
  switch (event.type) {
    case "started":
      return event.pid === null ? "" : `pid ${event.pid}`;
    case "resized":
      return `${event.size.columns} columns, ${event.size.rows} rows`;
    case "stopping":
      return `${event.signal}, ${event.cause}`;
    case "detached":
      return `by ${event.by}`;
    case "outputError":
      return printable(event.text);
    case "exited":
    case "lost":
      return showEnd(event.end);
    case "created":
    case "removed":
      return "";
  }
}
