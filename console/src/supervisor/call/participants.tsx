import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "../../api/query";
import { useServices } from "../../services";
import { useNow } from "../../ui/clock";
import { Section } from "../../ui/section";
import { PartyName } from "../names";
import { timeOf } from "../words";
import type { CallView } from "./use-call";

const useStyles = makeStyles({
  row: { display: "grid", gridTemplateColumns: "9rem minmax(0, 1fr) max-content", gap: tokens.spacingHorizontalM, alignItems: "center" },
  track: { position: "relative", height: "10px", borderRadius: tokens.borderRadiusMedium, backgroundColor: tokens.colorNeutralBackground3 },
  bar: { position: "absolute", top: 0, bottom: 0, borderRadius: tokens.borderRadiusMedium, backgroundColor: tokens.colorBrandBackground },
});

/** Who is or was in the call, and since when, along the time of the call. */
export function Participants({ call }: { readonly call: CallView }) {
  const { api } = useServices();
  const people = call.participants.map((each) => each.id).join(" ");
  const found = useQuery(`participants ${call.id} ${call.state} ${people}`, () =>
    api.GET("/calls/{callId}/participants", { params: { path: { callId: call.id } } }),
  );
  const shown = found.data?.participants.filter((each) => each.kind !== "acsUser") ?? [];
  if (shown.length === 0) {
    return null;
  }
  return (
    <Section title="Participants">
      {shown.map((each) => (
        <Row key={each.id} call={call} participant={each} />
      ))}
    </Section>
  );
}

type Participant = { readonly present: boolean; readonly onHold: boolean; readonly muted: boolean; readonly joinedAt: string } & Parameters<
  typeof PartyName
>[0]["party"];

function Row({ call, participant }: { readonly call: CallView; readonly participant: NonNullable<Participant> }) {
  const styles = useStyles();
  const now = useNow();
  const began = Date.parse(call.connectedAt ?? call.calledAt ?? participant.joinedAt);
  const ended = call.endedAt ? Date.parse(call.endedAt) : now;
  const joined = Math.min(1, Math.max(0, (Date.parse(participant.joinedAt) - began) / Math.max(1, ended - began)));
  const isHere = participant.present && !call.endedAt;
  return (
    <div className={styles.row}>
      <span>
        <PartyName party={participant} />
      </span>
      <div className={styles.track} aria-hidden>
        <div className={styles.bar} style={{ left: `${joined * 100}%`, right: 0, opacity: isHere || call.endedAt ? 1 : 0.35 }} />
      </div>
      <span>
        {timeOf(participant.joinedAt)} {participant.onHold && isHere && <Badge appearance="tint" color="warning">On hold</Badge>}
        {participant.muted && isHere && <Badge appearance="tint">Muted</Badge>}
        {!isHere && !call.endedAt && <Badge appearance="tint" color="subtle">Left</Badge>}
      </span>
    </div>
  );
}
