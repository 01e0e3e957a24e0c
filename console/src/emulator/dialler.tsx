import { Button, Field, Input, makeStyles, Select, tokens } from "@fluentui/react-components";
import { CallRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Problem } from "../api/problem";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Control } from "./control";

const useStyles = makeStyles({
  form: { display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(11rem, 1fr))", gap: tokens.spacingHorizontalM, alignItems: "start" },
});

const TONES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].map((tone, n) => [n, tone])),
  "*": "asterisk",
  "#": "pound",
};
export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function toneOf(key: string): string {
  return TONES[key] ?? key;
}

const BETWEEN = 0.4; // seconds from key to key

/** Dial a line, as a caller who follows a script. */
export function Dialler({ control, onDialled }: { readonly control: Control; readonly onDialled: () => void }) {
  const styles = useStyles();
  const { api } = useServices();
  const lines = useQuery("accounts", () => api.GET("/resource-accounts", {}));
  const [line, setLine] = useState("");
  const [caller, setCaller] = useState({ from: "+12065551212", name: "", keys: "", keysAfter: "8", says: "", hangsUpAfter: "30" });
  const [problem, setProblem] = useState<Problem>();
  const dial = async () => {
    setProblem(await control.send("POST", "calls", callOf(line || lines.data?.value[0]?.id || "", caller)));
    onDialled();
  };
  const text = (name: keyof typeof caller, label: string, hint = "") => (
    <Field label={label} hint={hint}>
      <Input
        style={{ minWidth: 0 }}
        value={caller[name]} onChange={(_, { value }) => setCaller({ ...caller, [name]: value })} />
    </Field>
  );
  return (
    <Section title="Dial a line">
      <ProblemBar problem={problem} />
      <div className={styles.form}>
        <Field label="Line">
          <Select value={line} onChange={(_, { value }) => setLine(value)}>
            {lines.data?.value.map((each) => (
              <option key={each.id} value={each.id}>
                {each.displayName}
              </option>
            ))}
          </Select>
        </Field>
        {text("from", "From number")}
        {text("name", "Name of the caller")}
        {text("keys", "Presses", "Such as 1 or 1234#")}
        {text("keysAfter", "After seconds")}
        {text("says", "Says at that time")}
        {text("hangsUpAfter", "Hangs up after seconds", "Empty: not by itself")}
      </div>
      <div>
        <Button appearance="primary" icon={<CallRegular />} onClick={() => void dial()}>
          Dial
        </Button>
      </div>
    </Section>
  );
}

interface Caller {
  readonly from: string;
  readonly name: string;
  readonly keys: string;
  readonly keysAfter: string;
  readonly says: string;
  readonly hangsUpAfter: string;
}

/** The request for a call, with its script. */
export function callOf(line: string, caller: Caller) {
  const after = Number(caller.keysAfter) || 0;
  const presses = [...caller.keys.replace(/\s/g, "")].map((key, n) => ({ after: after + n * BETWEEN, tone: toneOf(key) }));
  return {
    from: caller.from,
    to: line,
    ...(caller.name && { display_name: caller.name }),
    ...(presses.length > 0 && { presses }),
    ...(caller.says && { says: [{ after, phrase: caller.says }] }),
    ...(caller.hangsUpAfter && { hangs_up_after: Number(caller.hangsUpAfter) }),
  };
}
