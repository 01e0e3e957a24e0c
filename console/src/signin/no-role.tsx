import { Button, makeStyles, Title2, tokens } from "@fluentui/react-components";
import { useServices } from "../services";

const useStyles = makeStyles({
  page: { maxWidth: "40rem" },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM },
});

/** The first view of a person whom no administrator has given a role: what to ask for. */
export default function NoRole() {
  const { config, session } = useServices();
  const styles = useStyles();
  return (
    <div className={styles.page}>
      <Title2 as="h1">You have no role yet</Title2>
      <p>
        You are signed in as {session.person.account}, and an administrator has to say what you may do here. Ask them for
        one of these roles:
      </p>
      <ul>
        <li>Agent: takes and makes calls</li>
        <li>Supervisor: sees and acts on all calls, looks after agents and customers</li>
        <li>Administrator: sets everything up</li>
      </ul>
      <p>
        They give it in the Microsoft Entra admin center, under Enterprise applications, the application{" "}
        <code>{config.apiClientId}</code>, Users and groups.
      </p>
      <div className={styles.actions}>
        <Button appearance="primary" onClick={() => void session.signInAgain()}>
          I have a role now
        </Button>
        <Button onClick={() => void session.switchAccount()}>Use another account</Button>
      </div>
    </div>
  );
}
