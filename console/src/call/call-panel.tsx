import { Badge, Button, makeStyles, mergeClasses, Text, ToggleButton, tokens } from "@fluentui/react-components";
import {
  CallEndFilled,
  DialpadRegular,
  MicOffRegular,
  MicRegular,
  PauseRegular,
  PlayRegular,
  RecordFilled,
} from "@fluentui/react-icons";
import { type ReactNode, useState } from "react";
import type { ActiveCall, CallState, Control, Phone } from "../phone/state";
import { Elapsed } from "../ui/clock";
import { Notice } from "../ui/problem-bar";
import { Keypad } from "./keypad";
import { inWords, keysOf, type Shortcut, useShortcuts } from "./shortcuts";

const useStyles = makeStyles({
  panel: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalL,
    padding: tokens.spacingHorizontalXL,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
    borderTop: `4px solid ${tokens.colorPaletteGreenBorder2}`,
  },
  held: { borderTopColor: tokens.colorPaletteYellowBorder2 },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  words: { display: "flex", flexDirection: "column", flexGrow: 1, minWidth: 0 },
  muted: { color: tokens.colorNeutralForeground2 },
  controls: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  hangUp: {
    backgroundColor: tokens.colorPaletteRedBackground3,
    color: tokens.colorNeutralForegroundOnBrand,
    ":hover": { backgroundColor: tokens.colorPaletteRedForeground1, color: tokens.colorNeutralForegroundOnBrand },
    marginInlineStart: "auto",
  },
  reasons: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL, color: tokens.colorNeutralForeground2 },
});

const STATES: Readonly<Record<CallState, string>> = {
  None: "Starting",
  Connecting: "Connecting",
  Ringing: "Ringing",
  EarlyMedia: "Ringing",
  Connected: "Connected",
  LocalHold: "On hold by you",
  RemoteHold: "On hold by the other side",
  InLobby: "In the lobby: the organizer has been asked to admit you",
  Disconnecting: "Ending",
  Disconnected: "Ended",
};

interface CallPanelProps {
  readonly phone: Phone;
  readonly call: ActiveCall;
  readonly title: string;
  /** Below the title, such as the line. */
  readonly about?: ReactNode;
  /** In place of leaving the call. */
  readonly onHangUp?: () => void;
  /** Whether keyboard shortcuts act on it: of several calls on one. */
  readonly hasShortcuts: boolean;
  readonly children?: ReactNode;
}

/** A call that is under way, and its controls. */
export function CallPanel({ phone, call, title, about, onHangUp, hasShortcuts, children }: CallPanelProps) {
  const styles = useStyles();
  const isHeld = call.state === "LocalHold" || call.state === "RemoteHold";
  const leave = onHangUp ?? (() => void phone.commands.hangUp(call.id));
  return (
    <section className={mergeClasses(styles.panel, isHeld && styles.held)} aria-label={`Call with ${title}`}>
      <div className={styles.head}>
        <div className={styles.words}>
          <Text size={600} weight="semibold" truncate>
            {title}
          </Text>
          <Text className={styles.muted}>{about}</Text>
        </div>
        <Text size={400} role="status">
          {STATES[call.state]}
        </Text>
        {call.connectedAt !== undefined && (
          <Text size={500} weight="semibold">
            <Elapsed since={call.connectedAt} />
          </Text>
        )}
      </div>
      <RecordingBanner phone={phone} call={call} />
      <Controls phone={phone} call={call} hasShortcuts={hasShortcuts} onHangUp={leave} />
      {children}
    </section>
  );
}

/** Announced as long as it lasts: the person must know, and agree where Teams asks for consent. */
export function RecordingBanner({ phone, call }: { readonly phone: Phone; readonly call: ActiveCall }) {
  if (call.consentRequired) {
    return (
      <div role="alert">
        <Notice
          intent="warning"
          title="Consent is needed."
          text="The organizer records or transcribes this meeting. Your voice is left out until you agree."
        />
        <Button appearance="primary" onClick={() => void phone.commands.grantConsent(call.id)}>
          Agree to recording
        </Button>
      </div>
    );
  }
  const what = [call.recording && "recorded", call.transcribing && "transcribed"].filter(Boolean).join(" and ");
  return (
    <div role="status">
      {what && (
        <Badge appearance="tint" color="danger" size="large" icon={<RecordFilled />}>
          This call is being {what}
        </Badge>
      )}
    </div>
  );
}

type PanelProps = Pick<CallPanelProps, "phone" | "call" | "hasShortcuts"> & { readonly onHangUp: () => void };

function Controls({ phone, call, hasShortcuts, onHangUp: hangUp }: PanelProps) {
  const styles = useStyles();
  const [showsKeypad, setShowsKeypad] = useState(false);
  const { commands } = phone;
  const { controls } = call;
  const isHeld = call.state === "LocalHold";
  const mute = () => void commands.setMuted(call.id, !call.isMuted);
  const hold = () => void commands.setHeld(call.id, !isHeld);
  useShortcuts(hasShortcuts ? { ...when(controls.mute, { M: mute }), ...when(controls.hangUp, { H: hangUp }) } : {});
  return (
    <>
      <div className={styles.controls} role="toolbar" aria-label="Call controls">
        <ToggleButton
          size="large"
          checked={call.isMuted}
          icon={call.isMuted ? <MicOffRegular /> : <MicRegular />}
          disabledFocusable={!controls.mute.allowed}
          onClick={mute}
          title={inWords("M")}
          {...keysOf("M")}
        >
          {call.isMuted ? "Unmute" : "Mute"}
        </ToggleButton>
        <Button
          size="large"
          icon={isHeld ? <PlayRegular /> : <PauseRegular />}
          disabledFocusable={!controls.hold.allowed}
          onClick={hold}
        >
          {isHeld ? "Resume" : "Hold"}
        </Button>
        <ToggleButton
          size="large"
          icon={<DialpadRegular />}
          checked={showsKeypad}
          disabledFocusable={!controls.keypad.allowed}
          onClick={() => setShowsKeypad(!showsKeypad)}
        >
          Keypad
        </ToggleButton>
        <Button
          size="large"
          appearance="primary"
          className={controls.hangUp.allowed ? styles.hangUp : ""}
          icon={<CallEndFilled />}
          disabledFocusable={!controls.hangUp.allowed}
          onClick={hangUp}
          title={inWords("H")}
          {...keysOf("H")}
        >
          Hang up
        </Button>
      </div>
      <Reasons controls={{ Mute: controls.mute, Hold: controls.hold, Keypad: controls.keypad }} />
      {showsKeypad && controls.keypad.allowed && <Keypad onPress={(key) => void commands.press(call.id, key)} />}
    </>
  );
}

function when(control: Control, actions: Partial<Record<Shortcut, () => void>>): Partial<Record<Shortcut, () => void>> {
  return control.allowed ? actions : {};
}

/** Why controls cannot be used now, each reason once. */
export function Reasons(props: { readonly controls: Readonly<Record<string, Control>> }) {
  const styles = useStyles();
  const byReason = new Map<string, string[]>();
  for (const [name, control] of Object.entries(props.controls)) {
    if (!control.allowed) {
      byReason.set(control.reason, [...(byReason.get(control.reason) ?? []), name]);
    }
  }
  return (
    <>
      {[...byReason].map(([reason, names]) => (
        <Text key={reason} size={200} className={styles.muted}>
          {names.join(", ")}: {reason}
        </Text>
      ))}
    </>
  );
}
