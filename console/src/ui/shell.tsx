import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { lazy, type ReactNode, Suspense } from "react";
import { Link, useLocation } from "wouter";
import { PAGES } from "../pages";
import { useServices } from "../services";
import { hasRole } from "../signin/session";
import { SignInBar } from "../signin/sign-in-bar";

const NoRole = lazy(() => import("../signin/no-role"));

const useStyles = makeStyles({
  header: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalL,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  nav: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, flexGrow: 1 },
  link: {
    color: tokens.colorNeutralForeground2,
    textDecorationLine: "none",
    padding: tokens.spacingVerticalXS,
    "&[aria-current]": { color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  },
  main: { padding: tokens.spacingHorizontalL, maxWidth: "90rem", marginInline: "auto" },
});

/** The frame of every page: the navigation of those that the person's roles open, and the person. */
export function Shell(props: { readonly children: ReactNode }) {
  const styles = useStyles();
  const { config, session } = useServices();
  const [location] = useLocation();
  const pages = PAGES.filter(
    (page) => page.title && hasRole(session.person, ...page.roles) && (config.emulator || !page.needsEmulator),
  );
  return (
    <>
      <header className={styles.header}>
        <Text weight="semibold">Teams Phone</Text>
        <nav className={styles.nav} aria-label="Pages">
          {pages.map((page) => (
            <Link
              key={page.path}
              href={page.path}
              className={styles.link}
              aria-current={location === page.path ? "page" : undefined}
            >
              {page.title}
            </Link>
          ))}
        </nav>
        <Text>{session.person.name}</Text>
        <Button appearance="subtle" onClick={() => void session.signOut()}>
          Sign out
        </Button>
      </header>
      <SignInBar />
      <main className={styles.main}>
        <Suspense>{session.person.roles.length > 0 ? props.children : <NoRole />}</Suspense>
      </main>
    </>
  );
}
