import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useFocusInside } from "../ui/focus";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES: Readonly<Record<string, string>> = { "*": "Star", "#": "Pound" };

const useStyles = makeStyles({
  pad: { display: "grid", gridTemplateColumns: "repeat(3, 4rem)", gap: tokens.spacingHorizontalS },
  key: { minWidth: "4rem", height: "3rem", fontSize: tokens.fontSizeBase500 },
  sent: { minHeight: "1.5rem", letterSpacing: "0.2em", fontVariantNumeric: "tabular-nums" },
});

/** The keypad of a call. Keys of the keyboard work while the focus is in it. */
export function Keypad(props: { readonly onPress: (key: string) => void }) {
  const styles = useStyles();
  const [sent, setSent] = useState("");
  const group = useFocusInside<HTMLDivElement>();
  const press = (key: string) => {
    props.onPress(key);
    setSent((last) => (last + key).slice(-24));
  };
  return (
    <div
      ref={group}
      role="group"
      aria-label="Keypad"
      onKeyDown={(event) => {
        if (KEYS.includes(event.key) && !event.ctrlKey && !event.altKey) {
          press(event.key);
        }
      }}
    >
      <Text block className={styles.sent} role="status" aria-label="Keys sent">
        {sent}
      </Text>
      <div className={styles.pad}>
        {KEYS.map((key) => (
          <Button key={key} className={styles.key} aria-label={NAMES[key] ?? key} onClick={() => press(key)}>
            {key}
          </Button>
        ))}
      </div>
    </div>
  );
}
