/** Calls by the calling SDK. The only file that imports values of `@azure/communication-calling`: it is loaded late. */
import { type Call, CallClient, Features, type TeamsCall } from "@azure/communication-calling";
import type { CommunicationTokenCredential } from "@azure/communication-common";
import type { CallPort } from "../ports";
import type { Agent, Telephony } from "../telephony";

/** A CallClient makes one agent, so that each persona of a page has a client of its own. */
export function createTelephony(): Telephony {
  const client = new CallClient();
  return {
    register: (kind, credential) => register(client, kind, credential),
    devices: () => client.getDeviceManager(),
    recordingOf: (call) => real(call).feature(Features.Recording),
    transcriptionOf: (call) => real(call).feature(Features.Transcription),
  };
}

async function register(
  client: CallClient,
  kind: Agent["kind"],
  credential: CommunicationTokenCredential,
): Promise<Agent> {
  return kind === "teams"
    ? { kind, port: await client.createTeamsCallAgent(credential) }
    : { kind, port: await client.createCallAgent(credential) };
}

/** The calls that come here are those that this client's agent made. */
function real(call: CallPort): Call | TeamsCall {
  return call as Call | TeamsCall;
}
