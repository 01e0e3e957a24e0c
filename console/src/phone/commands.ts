import { askForMicrophone, selectDevice } from "./devices";
import { dial, joinMeeting } from "./dialling";
import { failureOf, isMicrophoneRefused } from "./failures";
import type { Line } from "./line";
import type { CallPort, DtmfTone } from "./ports";
import { headersOf } from "./snapshot";
import type { PhoneCommands } from "./state";
import type { Store } from "./store";
import { playTestTone } from "./tones";

const TONES: Readonly<Record<string, DtmfTone>> = { "#": "Pound", "*": "Star" };

/** The commands of a phone. `line` rejects while there is none; one that fails leaves a notice. */
export function commandsOf(store: Store, line: () => Promise<Line>, register: () => Promise<void>): PhoneCommands {
  const run = async (act: (line: Line) => Promise<void> | void) => {
    try {
      await act(await line());
    } catch (error) {
      if (isMicrophoneRefused(error)) {
        store.dispatch({ type: "permission", of: "microphone", permission: "denied" });
      }
      store.dispatch({ type: "noticed", notice: failureOf(error) });
    }
  };
  const inCall = (id: string, act: (call: CallPort) => Promise<void>) =>
    run(async ({ watch }) => {
      await act(watch.callOf(id).port);
      watch.changed(id);
    });
  return {
    register,
    accept: (id) => run((on) => accept(on, id)),
    decline: (id) => run((on) => decline(on, id)),
    start: (callees, options = {}) => run(({ agent, watch }) => watch.call(dial(agent, callees, options), options.context)),
    join: (meeting) => run(({ agent, watch }) => watch.call(joinMeeting(agent, meeting))),
    hangUp: (id) => inCall(id, (call) => call.hangUp()),
    setMuted: (id, muted) => inCall(id, (call) => (muted ? call.mute() : call.unmute())),
    setHeld: (id, held) => inCall(id, (call) => (held ? call.hold() : call.resume())),
    press: (id, key) => inCall(id, (call) => call.sendDtmf(toneOf(key))),
    grantConsent: (id) => run((on) => grantConsent(on, id)),
    useDevice: (kind, id) => run(({ devices }) => selectDevice(devices, store, kind, id)),
    askForMicrophone: () => run(({ devices }) => askForMicrophone(devices, store)),
    askForNotifications: () => askForNotifications(store),
    testSpeaker: () => run(() => playTestTone(store.state().speaker)),
    dismissCall: (id) => store.dispatch({ type: "callDismissed", id }),
    dismissNotice: () => store.dispatch({ type: "noticeDismissed" }),
  };
}

async function accept({ watch }: Line, id: string): Promise<void> {
  const incoming = watch.ringOf(id);
  const call = await incoming.accept();
  watch.ringEnded(id);
  watch.call(call, headersOf(incoming.customContext));
}

async function decline({ watch }: Line, id: string): Promise<void> {
  await watch.ringOf(id).reject();
  watch.ringEnded(id);
}

async function grantConsent({ watch }: Line, id: string): Promise<void> {
  const { recording, transcription } = watch.callOf(id);
  for (const feature of [recording, transcription]) {
    if (feature.isTeamsConsentRequired) {
      await feature.grantTeamsConsent();
    }
  }
  watch.changed(id);
}

function toneOf(key: string): DtmfTone {
  const tone = /^[0-9]$/.test(key) ? (`Num${key}` as DtmfTone) : TONES[key];
  if (!tone) {
    throw new Error(`The keypad has no key ${key}.`);
  }
  return tone;
}

async function askForNotifications(store: Store): Promise<void> {
  const answer = await Notification.requestPermission();
  const permission = answer === "default" ? "unknown" : answer;
  store.dispatch({ type: "permission", of: "notification", permission });
}
