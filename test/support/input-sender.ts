import { connect } from "node:net";
import { SessionClient } from "../../src/client/session-client.ts";
import { httpRequest } from "./raw-client.ts";

/** Sends input for as long as it lives: `node input-sender.ts framed|docker SOCKET SESSION`. Says once that it has begun. */
const [how, socketPath = "", id = ""] = process.argv.slice(2);

if (how === "framed") {
  const attachment = await new SessionClient({ socketPath }).attach(id);
  for (let sent = 0; ; sent++) {
    await attachment.write(Buffer.alloc(1000, "x"));
    if (sent === 10) console.log("sending");
  }
}

const socket = connect(socketPath);
const headers = { "Content-Type": "application/json", Connection: "Upgrade", Upgrade: "tcp" };
socket.write(httpRequest("POST", `/exec/${id}/start`, { headers, body: "{}" }));
socket.once("data", () => {
  for (let sent = 0; sent < 10; sent++) socket.write("xxxxxxxxx\r");
  socket.write("x\r", () => console.log("sending"));
});
