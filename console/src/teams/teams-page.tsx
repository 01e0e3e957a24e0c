import { Badge, makeStyles, Text, Title3, tokens } from "@fluentui/react-components";
import { CallPanel } from "../call/call-panel";
import { DevicesButton } from "../call/devices";
import { EndedCard } from "../call/ended-card";
import { useName } from "../call/names";
import { PartyList } from "../call/party-list";
import { useParties } from "../call/parties";
import { PhoneNotices } from "../call/phone-notices";
import { namedBy } from "../call/raw-ids";
import type { ActiveCall, Phone } from "../phone/state";
import { usePhone } from "../phone/use-phone";
import { Columns } from "../ui/columns";
import { CustomersCard } from "./customers";
import { DelegatorsCard, useDelegators } from "./delegators";
import { Dialler } from "./dialler";
import { MeetingsCard } from "./meetings";
import { TeamsRing } from "./teams-ring";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  title: { flexGrow: 1 },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** The page of a Teams user: calls and meetings of their own Teams identity. */
export default function TeamsPage() {
  const styles = useStyles();
  const phone = usePhone("teamsUser");
  const delegators = useDelegators();
  const acting = delegators.data?.value ?? [];
  const { rings, calls, registration } = phone.state;
  const current = calls.find((each) => !each.ended);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <div className={styles.title}>
          <Title3 as="h1" block>
            Your Teams calls
          </Title3>
          <Text className={styles.muted}>Calls and meetings as yourself, with your own number.</Text>
        </div>
        {registration.state === "ready" && (
          <Badge appearance="tint" color="success" size="large">
            Ready for calls
          </Badge>
        )}
        <DevicesButton phone={phone} />
      </div>
      <PhoneNotices phone={phone} />
      <Columns
        main={
          <>
            {rings.map((ring, index) => (
              <TeamsRing key={ring.id} phone={phone} ring={ring} isFirst={index === 0} delegators={acting} />
            ))}
            {calls.map((call) => (
              <TeamsCall key={call.id} phone={phone} call={call} hasShortcuts={call === current} />
            ))}
            <Dialler phone={phone} delegators={acting} />
            <CustomersCard phone={phone} />
          </>
        }
        aside={
          <>
            <MeetingsCard phone={phone} />
            <DelegatorsCard delegators={delegators} />
          </>
        }
      />
    </div>
  );
}

interface TeamsCallProps {
  readonly phone: Phone;
  readonly call: ActiveCall;
  readonly hasShortcuts: boolean;
}

function TeamsCall({ phone, call, hasShortcuts }: TeamsCallProps) {
  const parties = useParties(call);
  const other = parties[0];
  const name = useName(other?.rawId, other?.displayName);
  const isMeeting = call.state === "InLobby" || parties.length === 0;
  const title = isMeeting && call.direction === "Outgoing" ? "Meeting" : name;
  if (call.ended) {
    return <EndedCard call={call} title={title} onDismiss={() => phone.commands.dismissCall(call.id)} />;
  }
  const named = namedBy(other?.rawId ?? "");
  return (
    <CallPanel
      phone={phone}
      call={call}
      title={call.parties.length > 1 ? `${name} and ${call.parties.length - 1} more` : title}
      about={named.kind === "number" ? named.number : ""}
      hasShortcuts={hasShortcuts}
    >
      {call.parties.length > 1 && <PartyList parties={call.parties} />}
    </CallPanel>
  );
}
