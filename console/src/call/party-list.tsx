import { Avatar, Badge, Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { MicOffRegular, PersonDeleteRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import type { RemoteParty } from "../phone/state";
import { useName } from "./names";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  row: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    paddingBlock: tokens.spacingVerticalXS,
  },
  name: { flexGrow: 1, minWidth: 0 },
});

interface PartyListProps {
  readonly parties: readonly RemoteParty[];
  /** The names that the page knows, by raw id. */
  readonly names?: Readonly<Record<string, string>>;
  /** Removes a party; without it none can be removed here. */
  readonly onRemove?: (rawId: string, name: string) => void;
}

/** Who else is in the call. */
export function PartyList({ parties, names = {}, onRemove }: PartyListProps) {
  const styles = useStyles();
  return (
    <ul className={styles.list} aria-label="In this call">
      {parties.map((party) => (
        <Party key={party.rawId} party={party} name={names[party.rawId]} onRemove={onRemove} />
      ))}
    </ul>
  );
}

interface PartyProps {
  readonly party: RemoteParty;
  readonly name: string | undefined;
  readonly onRemove: PartyListProps["onRemove"] | undefined;
}

function Party({ party, name: known, onRemove }: PartyProps): ReactNode {
  const styles = useStyles();
  const name = useName(party.rawId, party.displayName ?? known);
  return (
    <li className={styles.row}>
      <Avatar name={name} size={28} color="colorful" aria-hidden active={party.isSpeaking ? "active" : "unset"} />
      <Text className={styles.name} truncate>
        {name}
      </Text>
      {party.isMuted && (
        <Badge appearance="outline" color="informative" icon={<MicOffRegular />}>
          muted
        </Badge>
      )}
      {party.state !== "Connected" && (
        <Badge appearance="tint" color="warning">
          {PARTY_STATES[party.state] ?? party.state}
        </Badge>
      )}
      {onRemove && (
        <Button
          size="small"
          appearance="subtle"
          icon={<PersonDeleteRegular />}
          aria-label={`Remove ${name}`}
          onClick={() => onRemove(party.rawId, name)}
        />
      )}
    </li>
  );
}

const PARTY_STATES: Readonly<Record<string, string>> = {
  Idle: "waiting",
  Connecting: "connecting",
  Ringing: "ringing",
  EarlyMedia: "ringing",
  Hold: "on hold",
  InLobby: "in the lobby",
  Disconnected: "left",
};
