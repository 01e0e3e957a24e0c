import { Field, Input, makeStyles, Select, Text, tokens } from "@fluentui/react-components";
import {
  CallEndRegular,
  CallForwardRegular,
  PauseRegular,
  PersonClockRegular,
  RecordRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { outcomeOf, useQuery } from "../../api/query";
import { useServices } from "../../services";
import { ConfirmButton } from "../../ui/confirm";
import { type Party, PartyName, useName } from "../names";
import { type Command, useCommand } from "./commands";
import type { CallView } from "./use-call";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

interface Props {
  readonly call: CallView;
  readonly onActed: () => void;
}

function isConnected(call: CallView): boolean {
  return call.state === "connected";
}

/** What a supervisor can do to a call. Each command is asked for once. */
export function Actions(props: Props) {
  const styles = useStyles();
  const [agents, setAgents] = useState<readonly Party[]>([]);
  const added = props.call.participants.filter(
    (each) => each.kind === "agent" && !agents.some((known) => known.id === each.id),
  );
  if (added.length > 0) {
    setAgents([...agents, ...added]);
  }
  return (
    <div className={styles.row} role="group" aria-label="Actions">
      <RecordingAction {...props} />
      <Transfer {...props} />
      {agents.map((agent) => (
        <SendAway key={agent.id} agent={agent} {...props} />
      ))}
      <HangUp {...props} />
    </div>
  );
}

function HangUp({ call, onActed }: Props) {
  const run = useCommand(call.id);
  return (
    <ConfirmButton
      isOffered={isConnected(call)}
      label="Hang up"
      icon={<CallEndRegular />}
      title="Hang up?"
      confirm="Hang up for everyone"
      act={(key) => run({ name: "hang-up" }, key)}
      onDone={onActed}
    >
      <Text>The call ends for the caller and for everyone in it.</Text>
    </ConfirmButton>
  );
}

function RecordingAction({ call, onActed }: Props) {
  const { api } = useServices();
  const run = useCommand(call.id);
  const isPaused = call.recording.status === "paused";
  const found = useQuery(`recordings ${call.id} ${call.recording.status}`, () =>
    api.GET("/calls/{callId}/recordings", { params: { path: { callId: call.id } } }),
  );
  const recording = found.data?.value.find((each) => each.status === (isPaused ? "paused" : "active"));
  const command: Command = { name: isPaused ? "resume" : "pause", recordingId: recording?.id ?? "" };
  return (
    <ConfirmButton
      isOffered={isConnected(call) && recording !== undefined}
      label={isPaused ? "Resume recording" : "Pause recording"}
      icon={isPaused ? <RecordRegular /> : <PauseRegular />}
      title={isPaused ? "Resume the recording?" : "Pause the recording?"}
      confirm={isPaused ? "Resume" : "Pause"}
      act={(key) => run(command, key)}
      onDone={onActed}
    >
      <Text>{isPaused ? "What is said from now on is recorded." : "What is said is not recorded until it is resumed."}</Text>
    </ConfirmButton>
  );
}

const NUMBER = /^\+[0-9]{3,15}$/;

function Transfer({ call, onActed }: Props) {
  const styles = useStyles();
  const { api } = useServices();
  const run = useCommand(call.id);
  const agents = useQuery("agents", () => api.GET("/agents", {}));
  const [agent, setAgent] = useState("");
  const [number, setNumber] = useState("");
  const target = agent ? { agent } : { number: number.replace(/[\s()-]/g, "") };
  const isNumber = NUMBER.test(target.number ?? "");
  const transferee = call.caller?.id;
  return (
    <ConfirmButton
      isOffered={isConnected(call)}
      label="Transfer"
      icon={<CallForwardRegular />}
      title="Transfer the caller"
      confirm="Transfer"
      isReady={agent !== "" || isNumber}
      act={(key) => run({ name: "transfer", target, ...(transferee ? { transferee } : {}) }, key)}
      onDone={onActed}
    >
      <div className={styles.form}>
        <Text>The app's control of the caller ends with the transfer, and so does the recording.</Text>
        <Field label="To an agent">
          <Select value={agent} onChange={(_, { value }) => setAgent(value)}>
            <option value="">None</option>
            {agents.data?.value.map((each) => (
              <AgentOption key={each.id} id={each.id} state={each.state} />
            ))}
          </Select>
        </Field>
        <Field
          label="Or to a number"
          hint="With the country code, such as +498912345"
          {...(number && !isNumber && !agent
            ? { validationState: "error" as const, validationMessage: "A number begins with + and the country code." }
            : {})}
        >
          <Input type="tel" value={number} disabled={agent !== ""} onChange={(_, { value }) => setNumber(value)} />
        </Field>
      </div>
    </ConfirmButton>
  );
}

const AGENT_STATES: Record<string, string> = { inCall: "in a call", wrapUp: "in wrap-up" };

function AgentOption(props: { readonly id: string; readonly state: string }) {
  return (
    <option value={props.id}>
      {useName(props.id)}, {AGENT_STATES[props.state] ?? props.state}
    </option>
  );
}

function SendAway({ agent, call, onActed }: Props & { readonly agent: Party }) {
  const { api } = useServices();
  const name = useName(agent.userId ?? "");
  const act = async () => {
    const path = { agentId: agent.userId ?? "" };
    const body = { state: "away" as const, reason: "set by a supervisor", expiresInSeconds: 120 };
    const outcome = await outcomeOf(api.PUT("/agents/{agentId}/presence", { params: { path }, body }));
    return "problem" in outcome ? outcome.problem : undefined;
  };
  return (
    <ConfirmButton
      isOffered={isConnected(call) && call.participants.some((each) => each.id === agent.id)}
      label={`Set ${name} away`}
      icon={<PersonClockRegular />}
      title={`Set ${name} away?`}
      confirm="Set away"
      act={act}
      onDone={onActed}
    >
      <Text>
        <PartyName party={agent} /> stays in this call, and gets no other one afterwards.
      </Text>
    </ConfirmButton>
  );
}
