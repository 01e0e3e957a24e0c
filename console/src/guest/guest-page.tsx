import { Button, makeStyles, Text, Title3, tokens } from "@fluentui/react-components";
import { CallFilled } from "@fluentui/react-icons";
import { CallPanel } from "../call/call-panel";
import { EndedCard } from "../call/ended-card";
import { PhoneNotices } from "../call/phone-notices";
import type { ActiveCall, Phone } from "../phone/state";
import { usePhone } from "../phone/use-phone";
import { Notice } from "../ui/problem-bar";
import { type Addressee, addresseeOf } from "./callee";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalL,
    maxWidth: "32rem",
    marginInline: "auto",
    padding: tokens.spacingHorizontalL,
  },
  call: { alignSelf: "start" },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** One call of a guest, to a Teams voice application or a Teams user. */
export function GuestPage() {
  const styles = useStyles();
  const addressee = addresseeOf(location.search);
  if (addressee === undefined) {
    return (
      <main className={styles.page}>
        <Title3 as="h1">Call</Title3>
        <Notice
          intent="error"
          title="This page does not know whom to call."
          text="Its address names no one."
          remedy="Add ?app= with the object id of an auto attendant or a call queue, or ?user= with that of a Teams user."
        />
      </main>
    );
  }
  return <Guest addressee={addressee} />;
}

function Guest({ addressee }: { readonly addressee: Addressee }) {
  const styles = useStyles();
  const phone = usePhone("guest");
  const { calls, registration } = phone.state;
  const current = calls.find((each) => !each.ended);
  const call = () => void phone.commands.start([addressee.callee]);
  return (
    <main className={styles.page}>
      <Title3 as="h1">Call {addressee.title}</Title3>
      <PhoneNotices phone={phone} />
      {calls.map((each) => (
        <GuestCall key={each.id} phone={phone} call={each} title={addressee.title} onAgain={call} />
      ))}
      {!current && (
        <>
          <Button
            className={styles.call}
            size="large"
            appearance="primary"
            icon={<CallFilled />}
            disabledFocusable={registration.state !== "ready"}
            onClick={call}
          >
            Call now
          </Button>
          <Text className={styles.muted}>
            The call uses your microphone. It is between the two of you: no one can
            be added, and it cannot be forwarded to voicemail. Emergency numbers cannot be called from here.
          </Text>
        </>
      )}
    </main>
  );
}

interface GuestCallProps {
  readonly phone: Phone;
  readonly call: ActiveCall;
  readonly title: string;
  readonly onAgain: () => void;
}

function GuestCall({ phone, call, title, onAgain }: GuestCallProps) {
  const dismiss = () => phone.commands.dismissCall(call.id);
  if (call.ended) {
    const again = () => {
      dismiss();
      onAgain();
    };
    return <EndedCard call={call} title={title} onDismiss={dismiss} onAgain={again} />;
  }
  return <CallPanel phone={phone} call={call} title={title} hasShortcuts />;
}
