import type { CommunicationTokenCredential } from "@azure/communication-common";
import type { Agent } from "../telephony";
import { type Command, CommandError, type Message, type Reply } from "./messages";

const AGAIN = 1000; // milliseconds between attempts to connect

export interface Listener {
  message(message: Message): void;
  sound(pcm: ArrayBuffer): void;
  /** The connection is gone; it is made again. */
  lost(): void;
  /** A connection that was lost is there again: in the same session, or in a new one without the calls. */
  resumed(sameSession: boolean): void;
}

/** The web socket to the emulator. It comes back after it was lost, into the same session. */
export class Connection {
  private socket: WebSocket | undefined;
  private session: string | undefined;
  private closed = false;
  private registered = false;
  private count = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();

  constructor(
    private readonly url: string,
    private readonly kind: Agent["kind"],
    private readonly credential: CommunicationTokenCredential,
    private readonly listener: Listener,
  ) {}

  /** Connect and register. Rejects with a CommandError where the token is refused. */
  async open(): Promise<void> {
    const socket = await opened(this.url);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.received(data as string | ArrayBuffer);
    socket.onclose = () => this.failAll();
    try {
      await this.register();
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.onclose = () => void this.lost();
  }

  private async register(): Promise<void> {
    const { token } = await this.credential.getToken();
    const session = this.session ? { session: this.session } : {};
    const reply = await this.ask({ do: "register", kind: this.kind, token, ...session });
    this.session = reply.session;
    this.registered = true;
  }

  /** Send a command, and wait for its reply. Rejects with a CommandError. */
  async do(command: Command): Promise<Reply> {
    if (!this.isOpen) {
      throw new CommandError(490, 4502, "There is no connection to the calling service.");
    }
    return this.ask(command);
  }

  private async ask(command: Command): Promise<Reply> {
    const id = ++this.count;
    const reply = new Promise<Reply>((resolve) => this.waiting.set(id, resolve));
    this.socket?.send(JSON.stringify({ id, ...command }));
    const { error, ...rest } = await reply;
    if (error) {
      throw new CommandError(error.code, error.subCode, error.message);
    }
    return rest;
  }

  /** Sound that comes while there is no connection is dropped. */
  send(pcm: ArrayBuffer): void {
    if (this.isOpen) {
      this.socket?.send(pcm);
    }
  }

  private get isOpen(): boolean {
    return this.registered && this.socket?.readyState === WebSocket.OPEN;
  }

  /** Leave for good: the calls of this client end. */
  close(): void {
    this.closed = true;
    if (this.isOpen) {
      this.socket?.send(JSON.stringify({ do: "bye" }));
    }
    this.socket?.close();
  }

  private received(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.listener.sound(data);
      return;
    }
    const message = JSON.parse(data) as Message | Reply;
    if (message.type === "reply") {
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    } else {
      this.listener.message(message);
    }
  }

  private async lost(): Promise<void> {
    this.registered = false;
    this.failAll();
    if (this.closed) {
      return;
    }
    this.listener.lost();
    while (!this.closed && !(await this.reopened())) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  private async reopened(): Promise<boolean> {
    try {
      const before = this.session;
      await this.open();
      this.listener.resumed(this.session === before);
      return true;
    } catch {
      return false;
    }
  }

  private failAll(): void {
    const error = { code: 490, subCode: 4502, message: "The connection to the calling service was lost." };
    for (const [id, resolve] of this.waiting) {
      resolve({ type: "reply", id, error });
    }
    this.waiting.clear();
  }
}

function opened(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new CommandError(490, 4502, `${url} cannot be reached.`));
  });
}
