import { makeStyles, Text, tokens } from "@fluentui/react-components";
import { type Party, PartyName } from "../supervisor/names";
import { Section } from "../ui/section";
import { type Line, wordsOf } from "./lines";
import { useTranscript } from "./use-transcript";

const useStyles = makeStyles({
  lines: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    maxHeight: "24rem",
    overflowY: "auto",
    listStyleType: "none",
    margin: 0,
    padding: 0,
  },
  meta: { color: tokens.colorNeutralForeground2 },
  pending: { fontStyle: "italic" },
});

interface TranscriptProps {
  readonly callId: string;
  readonly callGoesOn: boolean;
  /** Those whose names stand at their lines. */
  readonly parties: readonly Party[];
}

/** What is said in a call, while people talk and afterwards. Nothing, where the call has no transcript. */
export function Transcript({ callId, callGoesOn, parties }: TranscriptProps) {
  const styles = useStyles();
  const lines = useTranscript(callId, callGoesOn);
  if (lines.length === 0) {
    return null;
  }
  return (
    <Section title="Transcript">
      <ul className={styles.lines} tabIndex={0} aria-label="Lines of the transcript">
        {lines.map((line) => (
          <Said key={line.id} line={line} parties={parties} />
        ))}
      </ul>
    </Section>
  );
}

function Said({ line, parties }: { readonly line: Line; readonly parties: readonly Party[] }) {
  const styles = useStyles();
  const speaker = parties.find((each) => each.id === line.speaker);
  return (
    <li>
      <Text size={200} block className={styles.meta}>
        {new Date(line.at).toLocaleTimeString()} {line.speaker && <SpeakerName speaker={speaker} rawId={line.speaker} />}
      </Text>
      <span className={line.final ? undefined : styles.pending}>{wordsOf(line)}</span>
    </li>
  );
}

/** A party's name; else the number in the raw id, as `4:+12065550100` has it. */
function SpeakerName({ speaker, rawId }: { readonly speaker: Party | undefined; readonly rawId: string }) {
  return speaker ? <PartyName party={speaker} /> : <>{rawId.startsWith("4:") ? rawId.slice(2) : "Participant"}</>;
}
