/** Calls at the emulator, over its web socket for clients, with the browser's microphone and speaker. */
import type { CommunicationTokenCredential } from "@azure/communication-common";
import type { CallPort, ConnectionChange } from "../ports";
import type { Agent, Telephony } from "../telephony";
import { LocalAgent } from "./agent";
import type { LocalCall } from "./call";
import { Connection } from "./connection";
import { LocalDevices } from "./devices";
import { Sound } from "./sound";

/** `emulator` is its address, such as `http://127.0.0.1:7080`. */
export function createTelephony(emulator: string): Telephony {
  const devices = new LocalDevices(() => void sound?.restart());
  let sound: Sound | undefined;
  const register = async (kind: Agent["kind"], credential: CommunicationTokenCredential): Promise<Agent> => {
    const connection = new Connection(`${emulator.replace(/^http/, "ws")}/clients`, kind, credential, {
      message: (message) => agent.received(message),
      sound: (pcm) => sound?.play(pcm),
      lost: () => agent.lost(),
      resumed: (sameSession) => agent.resumed(sameSession),
    });
    sound = new Sound(devices, (pcm) => connection.send(pcm));
    const agent = new LocalAgent(connection, sound);
    await connection.open();
    addEventListener("pagehide", () => connection.close());
    agent.on("connectionStateChanged", ({ reason }: ConnectionChange) => {
      if (reason === "invalidToken") {
        void renewToken(connection, credential);
      }
    });
    void renewTokens(connection, credential);
    return kind === "teams" ? { kind, port: agent } : { kind, port: agent };
  };
  return {
    register,
    devices: async () => devices,
    recordingOf: (call) => local(call).recording,
    transcriptionOf: (call) => local(call).transcription,
  };
}

/** The calls that come here are those that this agent made. */
function local(call: CallPort): LocalCall {
  return call as LocalCall;
}

const BEFORE_EXPIRY = 60_000; // milliseconds

/** Send a new token before the one that is used expires. */
async function renewTokens(connection: Connection, credential: CommunicationTokenCredential): Promise<void> {
  for (;;) {
    const expires = await renewToken(connection, credential);
    await new Promise((resolve) => setTimeout(resolve, Math.max(expires - Date.now() - BEFORE_EXPIRY, BEFORE_EXPIRY)));
  }
}

/** Send the credential's token, and return when it expires. Without one the emulator reports the expiry. */
async function renewToken(connection: Connection, credential: CommunicationTokenCredential): Promise<number> {
  try {
    const { token, expiresOnTimestamp } = await credential.getToken();
    await connection.do({ do: "token", token });
    return expiresOnTimestamp;
  } catch {
    return 0;
  }
}
