import { Button, Input, makeStyles, Title2, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useSearch } from "wouter";
import type { ActiveCall, Callee, Persona, Phone, PhoneCommands, Ring } from "../phone/state";
import { usePhone } from "../phone/use-phone";
import { Log } from "./log";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

const PERSONAS: readonly string[] = ["agent", "teamsUser", "guest"];

/** A bare phone of one persona, `?persona=`, and a record of what it reports: for the first calls with a live tenant. */
export default function CheckPage() {
  const styles = useStyles();
  const asked = new URLSearchParams(useSearch()).get("persona") ?? "agent";
  const phone = usePhone((PERSONAS.includes(asked) ? asked : "agent") as Persona);
  const { state, commands } = phone;
  return (
    <div className={styles.page}>
      <Title2 as="h1">Check of calls</Title2>
      <p aria-label="Registration">
        {state.persona}: {state.registration.state}
        {"reason" in state.registration && ` (${state.registration.reason} ${state.registration.remedy})`}
      </p>
      {state.notice && (
        <p role="alert">
          {state.notice.text} {state.notice.remedy} <Button onClick={commands.dismissNotice}>Dismiss</Button>
        </p>
      )}
      <Dialler phone={phone} />
      {state.rings.map((ring) => (
        <RingRow key={ring.id} ring={ring} commands={commands} />
      ))}
      {state.calls.map((call) => (
        <CallRow key={call.id} call={call} commands={commands} />
      ))}
      <Log state={state} />
    </div>
  );
}

function Dialler({ phone: { state, commands } }: { readonly phone: Phone }) {
  const styles = useStyles();
  const [to, setTo] = useState("");
  const [account, setAccount] = useState("");
  const onBehalfOf = accountOf(account);
  const options = onBehalfOf ? { onBehalfOf } : {};
  const call = () => void commands.start(to.split(" ").map(calleeOf), options);
  return (
    <div className={styles.row}>
      <Input aria-label="Callee" placeholder="+number, 8:orgid:…, 28:orgid:…" value={to} onChange={(_, d) => setTo(d.value)} />
      <Input aria-label="On behalf of" placeholder="28:orgid:…" value={account} onChange={(_, d) => setAccount(d.value)} />
      <Button onClick={call}>Call</Button>
      <Button onClick={() => void commands.join({ link: to })}>Join</Button>
      <Button onClick={() => void commands.askForMicrophone()}>Microphone</Button>
      <Button onClick={() => void commands.testSpeaker()}>Speaker</Button>
      <span aria-label="Devices">
        {state.microphonePermission}: {state.devices.map((device) => device.name).join(", ")}
      </span>
    </div>
  );
}

function RingRow({ ring, commands }: { readonly ring: Ring; readonly commands: PhoneCommands }) {
  const styles = useStyles();
  return (
    <div className={styles.row} role="group" aria-label="Ring">
      <span>
        {ring.callerName} {ring.callerRawId} {JSON.stringify(ring.context)}
      </span>
      <Button onClick={() => void commands.accept(ring.id)}>Accept</Button>
      <Button onClick={() => void commands.decline(ring.id)}>Decline</Button>
    </div>
  );
}

function CallRow({ call, commands }: { readonly call: ActiveCall; readonly commands: PhoneCommands }) {
  const styles = useStyles();
  const { id, controls } = call;
  const why = Object.entries(controls).map(([name, one]) => (one.allowed ? "" : `${name}: ${one.reason} `));
  return (
    <div className={styles.row} role="group" aria-label="Call">
      <span aria-label="State">{call.state}</span>
      <span aria-label="Parties">{call.parties.map((party) => `${party.rawId} ${party.state}`).join(", ")}</span>
      <span>{call.recording && "recorded"}</span>
      <span aria-label="End">{call.ended && `${call.ended.words} ${call.ended.code}/${call.ended.subCode}`}</span>
      <Button onClick={() => void commands.setMuted(id, !call.isMuted)}>{call.isMuted ? "Unmute" : "Mute"}</Button>
      <Button onClick={() => void commands.setHeld(id, call.state !== "LocalHold")}>
        {call.state === "LocalHold" ? "Resume" : "Hold"}
      </Button>
      <Button onClick={() => void commands.press(id, "5")}>Press 5</Button>
      <Button onClick={() => void commands.hangUp(id)}>Hang up</Button>
      <Button onClick={() => commands.dismissCall(id)}>Dismiss</Button>
      <span>{why}</span>
    </div>
  );
}

/** A callee by number or raw id. */
function calleeOf(text: string): Callee {
  return accountOf(text) ?? (text.startsWith("8:acs:") ? { kind: "acsUser", id: text } : { kind: "phoneNumber", number: text });
}

function accountOf(text: string) {
  const [, kind, id] = /^(8|28):orgid:(.+)$/.exec(text) ?? [];
  return id === undefined ? undefined : { kind: kind === "8" ? ("teamsUser" as const) : ("teamsApp" as const), id };
}
