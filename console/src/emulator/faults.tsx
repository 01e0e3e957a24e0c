import { Button, makeStyles, Switch, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Problem } from "../api/problem";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Control } from "./control";

const useStyles = makeStyles({
  list: { display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(18rem, 1fr))", columnGap: tokens.spacingHorizontalL },
});

interface Rule {
  readonly label: string;
  readonly rule: object;
}

/** Rules that show how the app meets a platform that fails. `make faults` tries all of them. */
const RULES: readonly Rule[] = [
  { label: "Every event is delivered three times", rule: { where: "eventgrid", do: "duplicate", count: 3 } },
  { label: "Events arrive in reverse order", rule: { where: "eventgrid", do: "reorder", count: 3, seconds: 2 } },
  { label: "Callbacks are three seconds late", rule: { where: "callbacks", do: "delay", seconds: 3 } },
  { label: "Responses of ACS are lost", rule: { where: "acs", do: "lose_ack" } },
  { label: "Recordings fail for the time being", rule: { where: "recording", do: "fail", code: 429, subCode: 8530 } },
  {
    label: "Prompts cannot be played",
    rule: { where: "outcome", match: { operation: "Play" }, do: "fail", code: 400, subCode: 8535 },
  },
];

/** Switches of faults: one that is on holds until it is switched off. */
export function Faults({ control }: { readonly control: Control }) {
  const styles = useStyles();
  const [on, setOn] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const set = async (labels: readonly string[]) => {
    const rules = RULES.filter((each) => labels.includes(each.label)).map((each) => ({ ...each.rule, label: each.label }));
    const failed = (await control.send("DELETE", "faults")) ?? (rules.length > 0 ? await control.send("POST", "faults", rules) : undefined);
    setProblem(failed);
    setOn(failed ? [] : labels);
  };
  return (
    <Section title="Faults" aside={<Button disabled={on.length === 0} onClick={() => void set([])}>All off</Button>}>
      <ProblemBar problem={problem} />
      <div className={styles.list}>
        {RULES.map(({ label }) => (
          <Switch
            key={label}
            label={label}
            checked={on.includes(label)}
            onChange={(_, { checked }) => void set(checked ? [...on, label] : on.filter((each) => each !== label))}
          />
        ))}
      </div>
    </Section>
  );
}
