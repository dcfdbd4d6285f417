/**
 * Node's HTTP. To import it by its name would load, too, what it offers beside HTTP, such as a WebSocket client: 6 MiB, and
 * 20 ms of the start of every host and command.
 */
export const http = process.getBuiltinModule("node:http");
