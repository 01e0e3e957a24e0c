import type { DevicePort, DevicesPort } from "./ports";
import type { AudioDevice, Permission } from "./state";
import type { Store } from "./store";

/** Keep the store's list of devices, now and whenever one is plugged in. */
export function watchDevices(devices: DevicesPort, store: Store): void {
  const list = () => void listDevices(devices, store);
  devices.on("audioDevicesUpdated", list);
  list();
  void watchPermission(store);
}

/** Browsers that do not tell the permission leave it unknown. */
async function watchPermission(store: Store): Promise<void> {
  const status = await navigator.permissions.query({ name: "microphone" as PermissionName }).catch(() => undefined);
  const report = () => {
    const permission = status?.state === "granted" || status?.state === "denied" ? status.state : "unknown";
    store.dispatch({ type: "permission", of: "microphone", permission });
  };
  status?.addEventListener("change", report);
  report();
}

/** Without the permission a browser lists no devices, or devices without names. */
export async function listDevices(devices: DevicesPort, store: Store): Promise<void> {
  const microphones = await devices.getMicrophones().catch(() => []);
  const speakers = await devices.getSpeakers().catch(() => []);
  store.dispatch({ type: "devicesListed", devices: [...named(microphones, "microphone"), ...named(speakers, "speaker")] });
  reportSelected(store, "microphone", devices.selectedMicrophone);
  reportSelected(store, "speaker", devices.selectedSpeaker);
}

export async function askForMicrophone(devices: DevicesPort, store: Store): Promise<void> {
  const { audio } = await devices.askDevicePermission({ audio: true, video: false });
  const permission: Permission = audio ? "granted" : "denied";
  store.dispatch({ type: "permission", of: "microphone", permission });
  await listDevices(devices, store);
}

export async function selectDevice(
  devices: DevicesPort,
  store: Store,
  kind: AudioDevice["kind"],
  id: string,
): Promise<void> {
  const known = await (kind === "microphone" ? devices.getMicrophones() : devices.getSpeakers());
  const device = known.find((each) => each.id === id);
  if (!device) {
    throw new Error("The device is no longer connected. Choose another one.");
  }
  await (kind === "microphone" ? devices.selectMicrophone(device) : devices.selectSpeaker(device));
  store.dispatch({ type: "deviceSelected", kind, id });
}

function reportSelected(store: Store, kind: AudioDevice["kind"], device: DevicePort | undefined): void {
  if (device) {
    store.dispatch({ type: "deviceSelected", kind, id: device.id });
  }
}

function named(devices: readonly DevicePort[], kind: AudioDevice["kind"]): AudioDevice[] {
  return devices.filter(({ id }) => id !== "").map(({ id, name }) => ({ id, name, kind }));
}
