/** Calls at the emulator, over its web socket for clients, with the browser's microphone and speaker. */
import type { CommunicationTokenCredential } from "@azure/communication-common";
import type { CallPort } from "../ports";
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
      resumed: () => undefined,
    });
    sound = new Sound(devices, (pcm) => connection.open_ && connection.send(pcm));
    const agent = new LocalAgent(connection, sound);
    await connection.open();
    addEventListener("pagehide", () => connection.close());
    renewToken(connection, credential);
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
async function renewToken(connection: Connection, credential: CommunicationTokenCredential): Promise<void> {
  for (;;) {
    const { expiresOnTimestamp } = await credential.getToken();
    const left = expiresOnTimestamp - Date.now() - BEFORE_EXPIRY;
    await new Promise((resolve) => setTimeout(resolve, Math.max(left, BEFORE_EXPIRY / 2)));
    const { token } = await credential.getToken();
    await connection.do({ do: "token", token }).catch(() => undefined);
  }
}
