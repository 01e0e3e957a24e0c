import { Button, Caption1, Field, Input, makeStyles, Select, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { outcomeOf } from "../api/query";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Plan } from "./schema";

const useStyles = makeStyles({
  form: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "end" },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL },
});

/** A call that is not made: which steps it would take, and why. */
export function DryRun({ plan, isValid }: { readonly plan: Plan; readonly isValid: boolean }) {
  const styles = useStyles();
  const { api } = useServices();
  const [at, setAt] = useState(() => new Date().toISOString().slice(0, 16));
  const [keys, setKeys] = useState("");
  const [customer, setCustomer] = useState<"known" | "unknown">("unknown");
  const [result, setResult] = useState<Schemas["DryRun"]>();
  const [problem, setProblem] = useState<Problem>();
  const run = async () => {
    const situation = { at: `${at}:00`, keys: keys.split(/\s+/).filter(Boolean), customer };
    const body = { plan, situation } as unknown as Schemas["NewDryRun"];
    const outcome = await outcomeOf(api.POST("/plans/dry-run", { body }));
    setProblem("problem" in outcome ? outcome.problem : undefined);
    setResult("problem" in outcome ? undefined : outcome.data);
  };
  return (
    <Section title="Try it">
      <div className={styles.form}>
        <Field label="The call comes in at" hint="On the clocks of the plan">
          <Input type="datetime-local" value={at} onChange={(_, { value }) => setAt(value)} />
        </Field>
        <Field label="The caller presses" hint="Such as 2 1234">
          <Input value={keys} onChange={(_, { value }) => setKeys(value)} />
        </Field>
        <Field label="Customer" hint="By the number">
          <Select value={customer} onChange={(_, { value }) => setCustomer(value as typeof customer)}>
            <option>unknown</option>
            <option>known</option>
          </Select>
        </Field>
        <Button disabled={!isValid} onClick={() => void run()}>
          Try
        </Button>
      </div>
      <ProblemBar problem={problem} />
      {result && <Way result={result} />}
    </Section>
  );
}

function Way({ result }: { readonly result: Schemas["DryRun"] }) {
  const styles = useStyles();
  return (
    <>
      <ol className={styles.list} aria-label="Steps of the trial">
        {result.steps.map((each) => (
          <li key={each.visit}>
            <Text weight="semibold">{each.visit}</Text> {each.reason}
            {each.next && ` → ${each.next}`}
            {each.heard?.map((heard) => (
              <Caption1 key={heard.at + heard.prompt} block>
                {heard.by} hears “{heard.prompt}”
              </Caption1>
            ))}
          </li>
        ))}
      </ol>
      <Text>
        {result.ended}, after {Math.round(result.seconds)} s.
      </Text>
    </>
  );
}
