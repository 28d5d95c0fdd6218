import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** A mail server that takes mails, or refuses their recipients for good. */
export interface MailServer {
  readonly url: string;
  /** Whether recipients are refused. */
  refuses: boolean;
  stop(): Promise<void>;
}

/** Starts a mail server on this machine. It keeps nothing. */
export async function startMailServer(): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    void talk(socket, () => server.refuses);
  });
  const server: MailServer = {
    url: "",
    refuses: false,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return Object.assign(server, { url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}` });
}

async function talk(socket: Socket, refuses: () => boolean): Promise<void> {
  socket.on("error", () => socket.destroy());
  const say = (line: string) => socket.write(`${line}\r\n`);
  say("220 ready");
  let inMail = false;
  for await (const line of createInterface({ input: socket })) {
    if (inMail) {
      if (line !== ".") continue;
      inMail = false;
      say("250 taken");
    } else if (/^RCPT /i.test(line) && refuses()) say("550 no such mailbox");
    else if (/^DATA$/i.test(line)) {
      inMail = true;
      say("354 go on");
    } else if (/^QUIT$/i.test(line)) {
      say("221 bye");
      socket.end();
    } else say("250 fine");
  }
}
