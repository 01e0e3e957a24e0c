import { Button, Field, makeStyles, Select, Text, Textarea, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Problem } from "../api/problem";
import { outcomeOf } from "../api/query";
import { useServices } from "../services";
import { Remaining } from "../ui/clock";
import { useFocusInside } from "../ui/focus";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Presence } from "./presence";

const CODES = ["Resolved", "Callback agreed", "Passed on", "Wrong number", "Spam", "Other"];

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  muted: { color: tokens.colorNeutralForeground2 },
});

interface WrapUpCardProps {
  readonly callId: string;
  readonly title: string;
  /** Why the call ended. */
  readonly ended: string;
  readonly presence: Presence;
  readonly onDone: () => void;
}

/** After a call: its code and a note. The next call can ring once it is saved, or its time is over. */
export function WrapUpCard({ callId, title, ended, presence, onDone }: WrapUpCardProps) {
  const styles = useStyles();
  const { api } = useServices();
  const [code, setCode] = useState(CODES[0] ?? "");
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const form = useFocusInside<HTMLDivElement>();
  const { agent } = presence;
  const until = agent?.state === "wrapUp" && agent.until ? Date.parse(agent.until) : undefined;
  const save = async () => {
    const saved = await outcomeOf(
      api.PUT("/calls/{callId}/wrap-up", { params: { path: { callId } }, body: { code, note } }),
    );
    if ("problem" in saved) {
      setProblem(saved.problem);
      return;
    }
    onDone();
    await presence.endWrapUp();
  };
  return (
    <Section
      title={`Wrap-up: ${title}`}
      isRaised
      aside={until !== undefined && <Text className={styles.muted}><Remaining until={until} /></Text>}
    >
      <Text role="status">{ended}</Text>
      <ProblemBar problem={problem} />
      <div ref={form}>
      <Field label="Outcome">
        <Select value={code} onChange={(_, { value }) => setCode(value)}>
          {CODES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      </div>
      <Field label="Note" hint="Those who see the call can read it.">
        <Textarea value={note} maxLength={4000} resize="vertical" onChange={(_, { value }) => setNote(value)} />
      </Field>
      <div className={styles.actions}>
        <Button appearance="primary" onClick={() => void save()}>
          {until === undefined ? "Save" : "Save and take the next call"}
        </Button>
        <Button onClick={onDone}>Skip</Button>
      </div>
    </Section>
  );
}
