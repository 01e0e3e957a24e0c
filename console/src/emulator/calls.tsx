import { Button, Input, makeStyles, Text, tokens } from "@fluentui/react-components";
import { CallEndRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Problem } from "../api/problem";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Control } from "./control";
import { KEYS, toneOf } from "./dialler";

export interface EmulatedCall {
  readonly id: string;
  readonly state: string;
  readonly from: string;
}

const useStyles = makeStyles({
  call: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "center" },
  pad: { display: "grid", gridTemplateColumns: "repeat(6, 2.5rem)", gap: tokens.spacingHorizontalXS },
  key: { minWidth: "2.5rem" },
});

/** The calls of the emulator that go on, with the hands and the voice of each caller. */
export function Callers({ control, calls }: { readonly control: Control; readonly calls: readonly EmulatedCall[] }) {
  return (
    <Section title="Callers">
      {calls.length === 0 && <Text>There is no call. Dial a line: the keys of its caller appear here.</Text>}
      {calls.map((call) => (
        <Caller key={call.id} control={control} call={call} />
      ))}
    </Section>
  );
}

function Caller({ control, call }: { readonly control: Control; readonly call: EmulatedCall }) {
  const styles = useStyles();
  const [phrase, setPhrase] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const act = async (path: string, body: unknown) => setProblem(await control.send("POST", `calls/${call.id}/${path}`, body));
  const number = call.from.replace(/^4:/, "");
  return (
    <div role="group" aria-label={`Caller ${number}`}>
      <ProblemBar problem={problem} />
      <div className={styles.call}>
        <Text weight="semibold">{number}</Text>
        <div className={styles.pad}>
          {KEYS.map((key) => (
            <Button key={key} className={styles.key} size="small" aria-label={`Press ${key}`} onClick={() => void act("press", { tone: toneOf(key) })}>
              {key}
            </Button>
          ))}
        </div>
        <Input value={phrase} aria-label="Phrase" placeholder="What the caller says" onChange={(_, { value }) => setPhrase(value)} />
        <Button disabled={phrase === ""} onClick={() => void act("say", { phrase })}>
          Say
        </Button>
        <Button icon={<CallEndRegular />} onClick={() => void act("hangup", {})}>
          Hang up
        </Button>
      </div>
    </div>
  );
}
