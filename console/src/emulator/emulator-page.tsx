import { makeStyles, mergeClasses, Text, Title2, tokens } from "@fluentui/react-components";
import { useCallback, useEffect, useRef, useState } from "react";
import { LadderView } from "../ui/ladder";
import { Section } from "../ui/section";
import { Callers, type EmulatedCall } from "./calls";
import { type Control, useControl } from "./control";
import { Dialler } from "./dialler";
import { Faults } from "./faults";
import { type Entry, LANES, messageOf, subjectOf, useJournal } from "./journal";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  journal: { maxHeight: "36rem", overflowY: "auto" },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

/** What only an emulator can give: callers, faults, and everything that goes over the wire. */
export default function EmulatorPage() {
  const styles = useStyles();
  const control = useControl();
  const entries = useJournal(control);
  const [calls, reload] = useCalls(control, entries);
  return (
    <div className={styles.page}>
      <Title2 as="h1">Emulator</Title2>
      <Dialler control={control} onDialled={reload} />
      <Callers control={control} calls={calls} />
      <Faults control={control} />
      <Section title="On the wire">
        <Journal entries={entries} />
      </Section>
    </div>
  );
}

/** The calls that go on, read again when the journal grows. */
function useCalls(control: Control, entries: readonly Entry[]) {
  const [calls, setCalls] = useState<readonly EmulatedCall[]>([]);
  const last = entries.at(-1)?.seq;
  const reload = useCallback(() => {
    void control.get<{ calls: EmulatedCall[] }>("calls").then(({ calls: found }) => setCalls(found.filter((each) => each.state !== "ended")));
  }, [control]);
  useEffect(reload, [reload, last]);
  return [calls, reload] as const;
}

function Journal({ entries }: { readonly entries: readonly Entry[] }) {
  const styles = useStyles();
  const frame = useRef<HTMLDivElement>(null);
  const last = entries.at(-1)?.seq;
  useEffect(() => {
    void frame.current?.scrollTo({ top: frame.current.scrollHeight });
  }, [last]);
  const rows = entries.map((entry) => ({
    key: String(entry.seq),
    at: entry.at,
    time: new Date(entry.at).toLocaleTimeString([], { minute: "2-digit", second: "2-digit" }),
    type: entry.kind,
    message: messageOf(entry),
    text: <Words entry={entry} />,
  }));
  return (
    <div ref={frame} className={styles.journal} tabIndex={0} role="region" aria-label="Journal">
      {rows.length > 0 ? <LadderView label="Messages" lanes={LANES} rows={rows} /> : <Text>Nothing has been sent yet.</Text>}
    </div>
  );
}

function Words({ entry }: { readonly entry: Entry }) {
  const styles = useStyles();
  const isFailure = messageOf(entry).isFailure;
  return (
    <>
      <Text size={200} weight="semibold" className={mergeClasses(isFailure && styles.bad)}>
        {subjectOf(entry)}
      </Text>{" "}
      {[entry.status, entry.error].filter(Boolean).join(" ")}
    </>
  );
}
