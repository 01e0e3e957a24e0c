import type { DevicePort, DevicesPort } from "../ports";
import { Emitter } from "./emitter";

/** The devices of the browser. */
export class LocalDevices extends Emitter implements DevicesPort {
  declare selectedMicrophone?: DevicePort;
  declare selectedSpeaker?: DevicePort;

  /** `changed` is called when another device was chosen. */
  constructor(private readonly changed: () => void = () => undefined) {
    super();
    navigator.mediaDevices.addEventListener("devicechange", () => this.emit("audioDevicesUpdated"));
  }

  getMicrophones(): Promise<DevicePort[]> {
    return list("audioinput");
  }

  getSpeakers(): Promise<DevicePort[]> {
    return list("audiooutput");
  }

  async selectMicrophone(device: DevicePort): Promise<void> {
    this.selectedMicrophone = device;
    this.changed();
  }

  async selectSpeaker(device: DevicePort): Promise<void> {
    this.selectedSpeaker = device;
    this.changed();
  }

  async askDevicePermission(): Promise<{ audio: boolean }> {
    try {
      for (const track of (await this.capture()).getTracks()) {
        track.stop();
      }
      return { audio: true };
    } catch {
      return { audio: false };
    }
  }

  /** The chosen microphone as it is: filters for speech would distort what tests send. */
  capture(): Promise<MediaStream> {
    const device = this.selectedMicrophone ? { deviceId: this.selectedMicrophone.id } : {};
    return navigator.mediaDevices.getUserMedia({
      audio: { ...device, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
  }

  async playOn(context: AudioContext): Promise<void> {
    const choosing = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (this.selectedSpeaker && this.selectedSpeaker.id !== "default") {
      await choosing.setSinkId?.(this.selectedSpeaker.id);
    }
  }
}

async function list(kind: MediaDeviceKind): Promise<DevicePort[]> {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((each) => each.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, name: label }));
}
