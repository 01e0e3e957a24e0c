import { makeStyles, mergeClasses, Subtitle2, tokens } from "@fluentui/react-components";
import { type ReactNode, useId } from "react";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
  },
  raised: { borderLeft: `4px solid ${tokens.colorBrandStroke1}`, boxShadow: tokens.shadow8 },
  head: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, justifyContent: "space-between" },
});

interface SectionProps {
  readonly title: string;
  /** At the end of the line of the title. */
  readonly aside?: ReactNode;
  /** Whether it stands out, as what needs attention now. */
  readonly isRaised?: boolean;
  readonly children: ReactNode;
}

/** A titled part of a page. */
export function Section({ title, aside, isRaised = false, children }: SectionProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={mergeClasses(styles.card, isRaised && styles.raised)} aria-labelledby={id}>
      <div className={styles.head}>
        <Subtitle2 as="h2" id={id}>
          {title}
        </Subtitle2>
        {aside}
      </div>
      {children}
    </section>
  );
}
