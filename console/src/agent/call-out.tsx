import { Button, Field, InteractionTag, InteractionTagPrimary, InteractionTagSecondary, makeStyles, Select, TagGroup, Text, tokens } from "@fluentui/react-components";
import { CallRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useQuery } from "../api/query";
import { isEmergency } from "../call/numbers";
import { type Target, TargetPicker } from "../call/target-picker";
import type { Callee, Phone } from "../phone/state";
import { useServices } from "../services";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import { REQUEST_ID } from "./call-facts";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** A call of the agent's own client, on behalf of a line. */
export function CallOut({ phone }: { readonly phone: Phone }) {
  const styles = useStyles();
  const { api } = useServices();
  const lines = useQuery("lines", () => api.GET("/resource-accounts", {}));
  const [chosen, setChosen] = useState<string>();
  const [target, setTarget] = useState<Target>();
  const [more, setMore] = useState<readonly Target[]>([]);
  const [round, setRound] = useState(0);
  const found = lines.data?.value ?? [];
  const line = chosen ?? found.find((each) => each.phoneNumber)?.id ?? found[0]?.id;
  const targets = target ? [...more, target] : more;
  const emergency = targets.find((each) => each.kind === "number" && isEmergency(each.number));
  const reset = () => {
    setTarget(undefined);
    setRound(round + 1);
  };
  const call = async () => {
    const context = { [REQUEST_ID]: crypto.randomUUID() };
    const behalf = line && !emergency ? { onBehalfOf: { kind: "teamsApp", id: line } as const, context } : {};
    await phone.commands.start(emergency ? [calleeOf(emergency)] : targets.map(calleeOf), behalf);
    setMore([]);
    reset();
  };
  const lineName = found.find((each) => each.id === line)?.displayName;
  return (
    <Section title="Call out">
      <ProblemBar problem={lines.problem} />
      <Field label="On behalf of" hint="The callee sees the number of this line.">
        <Select value={line ?? ""} onChange={(_, { value }) => setChosen(value)}>
          {found.map((each) => (
            <option key={each.id} value={each.id}>
              {[each.displayName, each.phoneNumber?.replace("tel:", "") ?? "no number"].join(" · ")}
            </option>
          ))}
        </Select>
      </Field>
      <TargetPicker key={round} label="Customer, colleague or number" finds={["customers", "people"]} onChange={setTarget} />
      <Chosen targets={more} onRemove={(gone) => setMore(more.filter((each) => each !== gone))} />
      {emergency && (
        <Notice
          intent="warning"
          title={`${emergency.name} is an emergency number.`}
          text="Your own client places this call, with your location, and never on behalf of a line."
        />
      )}
      <div className={styles.row}>
        <Button
          appearance="primary"
          icon={<CallRegular />}
          disabledFocusable={targets.length === 0 || phone.state.registration.state !== "ready"}
          onClick={() => void (targets.length > 0 && call())}
        >
          {emergency ? "Call emergency services" : "Call"}
        </Button>
        <Button
          disabledFocusable={!target || Boolean(emergency)}
          onClick={() => {
            if (target) {
              setMore([...more, target]);
              reset();
            }
          }}
        >
          Add another
        </Button>
      </div>
      <Text size={200} className={styles.muted}>
        {phone.state.registration.state === "ready"
          ? lineName && !emergency && `Your client calls on behalf of ${lineName}. The call may be recorded.`
          : "Your phone is not connected yet."}
      </Text>
    </Section>
  );
}

function Chosen(props: { readonly targets: readonly Target[]; readonly onRemove: (target: Target) => void }) {
  if (props.targets.length === 0) {
    return null;
  }
  return (
    <TagGroup aria-label="Also called">
      {props.targets.map((each) => (
        <InteractionTag key={each.name}>
          <InteractionTagPrimary hasSecondaryAction>{each.name}</InteractionTagPrimary>
          <InteractionTagSecondary aria-label={`Remove ${each.name}`} onClick={() => props.onRemove(each)} />
        </InteractionTag>
      ))}
    </TagGroup>
  );
}

export function calleeOf(target: Target): Callee {
  switch (target.kind) {
    case "number":
      return { kind: "phoneNumber", number: target.number };
    case "person":
      return { kind: "teamsUser", id: target.id };
    case "line":
      return { kind: "teamsApp", id: target.id };
  }
}
