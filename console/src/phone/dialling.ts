import type { CallPort, CustomContextPort, GuestCalleePort, StartTeamsOptionsPort, TeamsCalleePort } from "./ports";
import type { Callee, Meeting, StartOptions } from "./state";
import type { Agent } from "./telephony";

/** Start a call. Throws an Error with the reason where this agent cannot make it. */
export function dial(agent: Agent, callees: readonly Callee[], options: StartOptions): CallPort {
  return agent.kind === "teams" ? dialAsTeams(agent.port, callees, options) : dialAsGuest(agent.port, callees, options);
}

export function joinMeeting(agent: Agent, meeting: Meeting): CallPort {
  return "link" in meeting ? agent.port.join({ meetingLink: meeting.link }) : agent.port.join(meeting);
}

type Teams = Extract<Agent, { kind: "teams" }>["port"];
type Guest = Extract<Agent, { kind: "guest" }>["port"];

/** One callee makes a call of two, which can be put on hold; a list makes a group call. */
function dialAsTeams(agent: Teams, callees: readonly Callee[], options: StartOptions): CallPort {
  const named = callees.map(teamsCallee);
  const [first, ...rest] = named;
  if (first === undefined) {
    throw new Error("A call needs at least one callee.");
  }
  const given = teamsOptions(options);
  const thread = options.threadId === undefined ? {} : { threadId: options.threadId };
  return rest.length === 0 ? agent.startCall(first, given) : agent.startCall(named, { ...given, ...thread });
}

function dialAsGuest(agent: Guest, callees: readonly Callee[], options: StartOptions): CallPort {
  if (options.onBehalfOf) {
    throw new Error("A guest cannot call on behalf of an account.");
  }
  return agent.startCall(callees.map(guestCallee), contextOf(options));
}

function teamsOptions(options: StartOptions): StartTeamsOptionsPort {
  const { onBehalfOf } = options;
  return onBehalfOf
    ? { ...contextOf(options), onBehalfOfOptions: { userId: teamsIdentity(onBehalfOf) } }
    : contextOf(options);
}

function contextOf({ context }: StartOptions): { customContext?: CustomContextPort } {
  const headers = Object.entries(context ?? {}).map(([key, value]) => ({ key, value }));
  return headers.length === 0 ? {} : { customContext: { voipHeaders: headers } };
}

function teamsCallee(callee: Callee): TeamsCalleePort {
  return callee.kind === "acsUser" ? { id: callee.id } : withoutAcs(callee);
}

function guestCallee(callee: Callee): GuestCalleePort {
  return callee.kind === "acsUser" ? { communicationUserId: callee.id } : withoutAcs(callee);
}

function withoutAcs(callee: Exclude<Callee, { kind: "acsUser" }>) {
  return callee.kind === "phoneNumber" ? { phoneNumber: callee.number } : teamsIdentity(callee);
}

function teamsIdentity({ kind, id }: { kind: "teamsUser" | "teamsApp"; id: string }) {
  return kind === "teamsUser"
    ? { microsoftTeamsUserId: id }
    : { teamsAppId: id, cloud: "public" as const };
}
