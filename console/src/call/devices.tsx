import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  makeStyles,
  ProgressBar,
  Select,
  tokens,
} from "@fluentui/react-components";
import { SettingsRegular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";
import type { AudioDevice, Phone } from "../phone/state";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
});

/** A button that opens the devices: chosen and tested here. */
export function DevicesButton({ phone }: { readonly phone: Phone }) {
  const styles = useStyles();
  const [isOpen, setIsOpen] = useState(false);
  const { state, commands } = phone;
  return (
    <Dialog open={isOpen} onOpenChange={(_, { open }) => setIsOpen(open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<SettingsRegular />}>
          Devices
        </Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Devices</DialogTitle>
          <DialogContent className={styles.content}>
            {state.microphonePermission !== "granted" && (
              <Button appearance="primary" onClick={() => void commands.askForMicrophone()}>
                Allow the microphone
              </Button>
            )}
            <DeviceField phone={phone} kind="microphone" label="Microphone" chosen={state.microphone} />
            {isOpen && state.microphonePermission === "granted" && <Level device={state.microphone} />}
            <DeviceField phone={phone} kind="speaker" label="Speaker, for calls and the ring tone" chosen={state.speaker} />
            <div>
              <Button onClick={() => void commands.testSpeaker()}>Test the speaker</Button>
            </div>
            <NotificationsField phone={phone} />
          </DialogContent>
          <DialogActions>
            <DialogTrigger disableButtonEnhancement>
              <Button>Close</Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

interface DeviceFieldProps {
  readonly phone: Phone;
  readonly kind: AudioDevice["kind"];
  readonly label: string;
  readonly chosen: string | undefined;
}

function DeviceField({ phone, kind, label, chosen }: DeviceFieldProps) {
  const devices = phone.state.devices.filter((each) => each.kind === kind);
  return (
    <Field label={label}>
      <Select
        value={chosen ?? ""}
        disabled={devices.length === 0}
        onChange={(_, { value }) => void phone.commands.useDevice(kind, value)}
      >
        {devices.length === 0 && <option value="">None was found</option>}
        {devices.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function NotificationsField({ phone }: { readonly phone: Phone }) {
  if (phone.state.notificationPermission === "granted") {
    return null;
  }
  const hint =
    phone.state.notificationPermission === "denied"
      ? "The browser blocks notifications of this page. Allow them in the browser's settings of this site."
      : "A notification shows who calls while another window is in front.";
  return (
    <Field hint={hint}>
      <Button
        disabled={phone.state.notificationPermission === "denied"}
        onClick={() => void phone.commands.askForNotifications()}
      >
        Notify me of calls
      </Button>
    </Field>
  );
}

/** How loud the microphone is now: it moves while the person speaks. */
function Level({ device }: { readonly device: string | undefined }) {
  const [level, setLevel] = useState(0);
  useEffect(() => measure(device, setLevel), [device]);
  return (
    <Field label="Speak: the bar moves if the microphone works">
      <ProgressBar value={level} thickness="large" shape="rounded" aria-label="Level of the microphone" />
    </Field>
  );
}

/** Report the level of a microphone, 0 to 1, ten times a second. Returns the end of it. */
function measure(device: string | undefined, report: (level: number) => void): () => void {
  const context = new AudioContext();
  let stop = () => void context.close();
  const isKnown = device !== undefined && !device.includes(":");
  const audio = isKnown ? { deviceId: device } : true;
  navigator.mediaDevices.getUserMedia({ audio }).then((stream) => {
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      report(Math.min(1, 4 * Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length)));
    }, 100);
    stop = () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      void context.close();
    };
  }, () => report(0));
  return () => stop();
}
