/** Compiles only while the calling SDK's classes fit the ports. Nothing imports it, and it holds no values. */
import type * as sdk from "@azure/communication-calling";
import type * as ports from "./ports";

type Fits<Port, Real extends Port> = Real;

export type Checked = [
  Fits<ports.TeamsAgentPort, sdk.TeamsCallAgent>,
  Fits<ports.GuestAgentPort, sdk.CallAgent>,
  Fits<ports.CallPort, sdk.TeamsCall>,
  Fits<ports.CallPort, sdk.Call>,
  Fits<ports.IncomingPort, sdk.TeamsIncomingCall>,
  Fits<ports.IncomingPort, sdk.IncomingCall>,
  Fits<ports.ParticipantPort, sdk.RemoteParticipant>,
  Fits<ports.DevicesPort, sdk.DeviceManager>,
  Fits<ports.RecordingPort, sdk.RecordingCallFeature>,
  Fits<ports.TranscriptionPort, sdk.TranscriptionCallFeature>,
];
