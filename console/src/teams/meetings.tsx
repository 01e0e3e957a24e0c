import { Button, Field, Input, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useQuery } from "../api/query";
import type { Meeting, Phone } from "../phone/state";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  row: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    paddingBlock: tokens.spacingVerticalXS,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  name: { flexGrow: 1, minWidth: 0 },
  muted: { color: tokens.colorNeutralForeground2 },
  form: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalS },
});

const DAYS = 7;

/** The person's meetings of the coming week, and one by its link or its id. */
export function MeetingsCard({ phone }: { readonly phone: Phone }) {
  const styles = useStyles();
  const { api } = useServices();
  const [from] = useState(() => new Date());
  const query = { from: from.toISOString(), to: new Date(from.getTime() + DAYS * 86_400_000).toISOString(), timeZone: "UTC" };
  const meetings = useQuery("meetings", () => api.GET("/meetings", { params: { query } }));
  const found = (meetings.data?.value ?? []).filter((each) => !each.isCancelled);
  return (
    <Section title="Meetings">
      <ProblemBar problem={meetings.problem} />
      {meetings.data && found.length === 0 && (
        <Text className={styles.muted}>You have no online meetings in the next seven days.</Text>
      )}
      <ul className={styles.list}>
        {found.map((each) => (
          <li key={each.id} className={styles.row}>
            <div className={styles.name}>
              <Text block weight="semibold" truncate>
                {each.subject}
              </Text>
              <Text size={200} className={styles.muted}>
                {when(each)}
              </Text>
            </div>
            <Button aria-label={`Join ${each.subject}`} onClick={() => void phone.commands.join({ link: each.joinUrl })}>
              Join
            </Button>
          </li>
        ))}
      </ul>
      <JoinForm onJoin={(meeting) => void phone.commands.join(meeting)} />
    </Section>
  );
}

function when({ start, end, isAllDay, organizer }: Schemas["Meeting"]): string {
  const day = new Date(start).toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
  const time = (at: string) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const times = isAllDay ? "all day" : `${time(start)}–${time(end)}`;
  return [day, times, organizer].filter(Boolean).join(" · ");
}

/** By link, or by id and passcode. */
function JoinForm({ onJoin }: { readonly onJoin: (meeting: Meeting) => void }) {
  const styles = useStyles();
  const [text, setText] = useState("");
  const [passcode, setPasscode] = useState("");
  const isLink = text.trim().startsWith("https://");
  const id = text.replace(/\s/g, "");
  const isReady = isLink || /^\d{9,}$/.test(id);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) {
          onJoin(isLink ? { link: text.trim() } : { meetingId: id, passcode });
        }
      }}
    >
      <Field label="Link or meeting id" style={{ flexGrow: 1 }}>
        <Input value={text} onChange={(_, { value }) => setText(value)} />
      </Field>
      {!isLink && (
        <Field label="Passcode">
          <Input value={passcode} onChange={(_, { value }) => setPasscode(value)} />
        </Field>
      )}
      <Button type="submit" disabledFocusable={!isReady}>
        Join meeting
      </Button>
    </form>
  );
}
