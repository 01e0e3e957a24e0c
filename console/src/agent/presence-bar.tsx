import {
  Avatar,
  Badge,
  makeStyles,
  type PresenceBadgeStatus,
  Text,
  tokens,
} from "@fluentui/react-components";
import { lazy, type ReactNode, Suspense } from "react";
import { useServices } from "../services";
import { Elapsed, Remaining } from "../ui/clock";
import type { Agent, Presence } from "./presence";

const PresenceMenu = lazy(() => import("./presence-menu"));

const NAMES: Readonly<Record<Agent["state"], string>> = {
  available: "Available",
  away: "Away",
  ringing: "Ringing",
  inCall: "In a call",
  wrapUp: "Wrap-up",
};
const BADGES: Readonly<Record<Agent["state"], PresenceBadgeStatus>> = {
  available: "available",
  away: "away",
  ringing: "busy",
  inCall: "busy",
  wrapUp: "do-not-disturb",
};
// What the app writes where the agent gave no reason.
const REASONS: Readonly<Record<string, string>> = {
  "did not answer": "A call rang here and was not answered. You get no calls until you are available again.",
  "the client has not renewed the presence": "This page was closed or offline. You get no calls until you are available again.",
};

const useStyles = makeStyles({
  bar: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    paddingBlock: tokens.spacingVerticalM,
  },
  words: { display: "flex", flexDirection: "column", flexGrow: 1, minWidth: "12rem" },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** The agent's presence, and the menu to change it. `children` stand at its end. */
export function PresenceBar(props: { readonly presence: Presence; readonly children?: ReactNode }) {
  const styles = useStyles();
  const { session } = useServices();
  const { agent } = props.presence;
  const badge = agent ? { badge: { status: BADGES[agent.state] } } : {};
  return (
    <section className={styles.bar} aria-label="Your presence">
      <Avatar name={session.person.name} size={48} color="colorful" aria-hidden {...badge} />
      <div className={styles.words}>
        <Text size={500} weight="semibold" role="status">
          {agent ? NAMES[agent.state] : "…"}
          {agent?.state === "away" && agent.reason in REASONS === false && agent.reason && `: ${agent.reason}`}
        </Text>
        {agent && (
          <Text className={styles.muted}>
            <Hint agent={agent} />
          </Text>
        )}
      </div>
      <Suspense>{agent && <PresenceMenu agent={agent} presence={props.presence} />}</Suspense>
      {props.children}
    </section>
  );
}

function Hint({ agent }: { readonly agent: Agent }) {
  const since = agent.since ? Date.parse(agent.since) : undefined;
  switch (agent.state) {
    case "available":
      return <>You get calls. Free for {since !== undefined && <Elapsed since={since} />}</>;
    case "away":
      return <>{REASONS[agent.reason] ?? "You get no calls."}</>;
    case "ringing":
      return <>A call is offered to you.</>;
    case "inCall":
      return <>{agent.presence === "away" ? "You are away after this call." : "You are available after this call."}</>;
    case "wrapUp":
      return <>The next call can ring in {agent.until && <Remaining until={Date.parse(agent.until)} />}</>;
  }
}

const WAITING = ["No one waits", "1 caller waits"];

/** How many wait in the queues, for the bar. */
export function WaitingBadge(props: { readonly count: number }) {
  return (
    <Badge appearance="tint" color={props.count > 0 ? "warning" : "subtle"} size="large">
      {WAITING[props.count] ?? `${props.count} callers wait`}
    </Badge>
  );
}
