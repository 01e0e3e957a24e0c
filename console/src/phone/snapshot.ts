import { type CommunicationIdentifier, getIdentifierRawId } from "@azure/communication-common";
import type { CallSnapshot } from "./events";
import type { CallPort, CustomContextPort, ParticipantPort, RecordingPort, TranscriptionPort } from "./ports";
import type { RemoteParty } from "./state";

export interface WatchedCall {
  readonly id: string;
  readonly port: CallPort;
  readonly recording: RecordingPort;
  readonly transcription: TranscriptionPort;
  readonly context: Readonly<Record<string, string>>;
}

/** The call as its ports show it now. */
export function snapshotOf({ id, port, recording, transcription, context }: WatchedCall): CallSnapshot {
  return {
    id,
    direction: port.direction,
    state: port.state,
    isMuted: port.isMuted,
    parties: port.remoteParticipants.map(partyOf),
    recording: recording.isRecordingActive,
    transcribing: transcription.isTranscriptionActive,
    consentRequired: recording.isTeamsConsentRequired || transcription.isTeamsConsentRequired,
    context,
    ...(port.callEndReason ? { endReason: port.callEndReason } : {}),
  };
}

function partyOf(port: ParticipantPort): RemoteParty {
  const { state, isMuted, isSpeaking, displayName } = port;
  const name = displayName ? { displayName } : {};
  return { rawId: rawIdOf(port.identifier) ?? "", state, isMuted, isSpeaking, ...name };
}

export function rawIdOf(identifier: object | undefined): string | undefined {
  return identifier && getIdentifierRawId(identifier as CommunicationIdentifier);
}

/** The headers of a custom context. A header that is there twice has its last value. */
export function headersOf(context: CustomContextPort | undefined): Record<string, string> {
  return Object.fromEntries((context?.voipHeaders ?? []).map(({ key, value }) => [key, value]));
}
