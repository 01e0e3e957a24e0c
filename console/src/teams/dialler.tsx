import { Button, Field, InteractionTag, InteractionTagPrimary, InteractionTagSecondary, makeStyles, Select, TagGroup, tokens } from "@fluentui/react-components";
import { CallRegular, PersonAddRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { calleeOf } from "../agent/call-out";
import type { Problem } from "../api/problem";
import { outcomeOf } from "../api/query";
import { isEmergency } from "../call/numbers";
import { type Target, TargetPicker } from "../call/target-picker";
import type { Phone, StartOptions } from "../phone/state";
import { type Services, useServices } from "../services";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import { type Delegation, UserName } from "./delegators";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

interface DiallerProps {
  readonly phone: Phone;
  readonly delegators: readonly Delegation[];
}

/** Call a number, a customer, a colleague, or several of them; for oneself, or for a delegator. */
export function Dialler({ phone, delegators }: DiallerProps) {
  const styles = useStyles();
  const services = useServices();
  const [target, setTarget] = useState<Target>();
  const [more, setMore] = useState<readonly Target[]>([]);
  const [round, setRound] = useState(0);
  const [forWhom, setForWhom] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const targets = target ? [...more, target] : more;
  const emergency = targets.some((each) => each.kind === "number" && isEmergency(each.number));
  const mayCall = delegators.filter((each) => each.isActive && each.allowedActions.makeCalls);
  const reset = () => {
    setTarget(undefined);
    setRound(round + 1);
  };
  const call = async () => {
    setProblem(undefined);
    setProblem(await placed(services, phone, targets, emergency ? "" : forWhom));
    setMore([]);
    reset();
  };
  return (
    <Section title="Call">
      <ProblemBar problem={problem} onDismiss={() => setProblem(undefined)} />
      {mayCall.length > 0 && (
        <Field label="For">
          <Select value={forWhom} onChange={(_, { value }) => setForWhom(value)}>
            <option value="">myself</option>
            {mayCall.map((each) => (
              <option key={each.id} value={each.id}>
                <UserName id={each.id} />
              </option>
            ))}
          </Select>
        </Field>
      )}
      <TargetPicker key={round} label="Customer, colleague or number" finds={["customers", "people"]} onChange={setTarget} />
      {more.length > 0 && (
        <TagGroup aria-label="Also called" onDismiss={(_, { value }) => setMore(more.filter((each) => each.name !== value))}>
          {more.map((each) => (
            <InteractionTag key={each.name} value={each.name}>
              <InteractionTagPrimary hasSecondaryAction>{each.name}</InteractionTagPrimary>
              <InteractionTagSecondary aria-label={`Remove ${each.name}`} />
            </InteractionTag>
          ))}
        </TagGroup>
      )}
      {emergency && (
        <Notice
          intent="warning"
          title="This is an emergency number."
          text="It is called for yourself, with your location, and not for anyone else."
        />
      )}
      <div className={styles.row}>
        <Button
          appearance="primary"
          icon={<CallRegular />}
          disabledFocusable={targets.length === 0 || phone.state.registration.state !== "ready"}
          onClick={() => void (targets.length > 0 && call())}
        >
          Call
        </Button>
        <Button
          icon={<PersonAddRegular />}
          disabledFocusable={!target}
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
    </Section>
  );
}

/** Place the call, in the chat that Graph has for its people. Returns the problem where there is no chat. */
async function placed(services: Services, phone: Phone, targets: readonly Target[], forWhom: string): Promise<Problem | undefined> {
  const people = targets.flatMap((each) => (each.kind === "person" ? [each.id] : []));
  const chat = people.length > 0 && forWhom === "" ? await chatOf(services, people, targets.length > 1) : { id: undefined };
  if ("problem" in chat) {
    return chat.problem;
  }
  const behalf = forWhom === "" ? {} : { onBehalfOf: { kind: "teamsUser", id: forWhom } as const };
  const thread = chat.id === undefined ? {} : { threadId: chat.id };
  const options: StartOptions = { ...behalf, ...thread };
  await phone.commands.start(targets.map(calleeOf), options);
  return undefined;
}

async function chatOf({ api }: Services, members: string[], isGroup: boolean): Promise<{ id: string } | { problem: Problem }> {
  const outcome = await outcomeOf(api.POST("/chats", { body: { members, topic: isGroup ? "Call" : null } }));
  return "data" in outcome ? { id: outcome.data.id } : outcome;
}
