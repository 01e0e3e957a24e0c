import { makeStyles } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  hidden: {
    position: "absolute",
    width: "1px",
    height: "1px",
    margin: "-1px",
    overflow: "hidden",
    clipPath: "inset(50%)",
    whiteSpace: "nowrap",
  },
});

/** The title of a page that shows what it is without one, for screen readers. */
export function HiddenTitle(props: { readonly children: ReactNode }) {
  const styles = useStyles();
  return <h1 className={styles.hidden}>{props.children}</h1>;
}

/** Text that screen readers announce at once when it changes. */
export function Announcement(props: { readonly text: string }) {
  const styles = useStyles();
  return (
    <div className={styles.hidden} role="alert">
      {props.text}
    </div>
  );
}
