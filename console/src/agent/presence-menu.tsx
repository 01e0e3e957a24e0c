import { Button, Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { ChevronDownRegular } from "@fluentui/react-icons";
import { type Agent, AWAY_REASONS, type Presence } from "./presence";

/** What the agent can do about their presence. It is loaded after the page: menus are large. */
export default function PresenceMenu({ agent, presence }: { readonly agent: Agent; readonly presence: Presence }) {
  const isEngaged = agent.state === "inCall" || agent.state === "ringing";
  return (
    <>
      {agent.state === "away" && (
        <Button appearance="primary" onClick={() => void presence.setAvailable()}>
          Become available
        </Button>
      )}
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button icon={<ChevronDownRegular />} iconPosition="after">
            Change presence
          </Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => void presence.setAvailable()}>
              {isEngaged ? "Available after this call" : "Available"}
            </MenuItem>
            <MenuDivider />
            {AWAY_REASONS.map((reason) => (
              <MenuItem key={reason} onClick={() => void presence.setAway(reason)}>
                Away: {reason}
                {isEngaged && " (after this call)"}
              </MenuItem>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
    </>
  );
}
