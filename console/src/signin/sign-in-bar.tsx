import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { apiScope } from "../config";
import { useServices } from "../services";

const SignInNotice = lazy(() => import("./sign-in-notice"));

/** Says why a token can't be had, and offers the sign-in that helps. The page is left only when the person wants it. */
export function SignInBar() {
  const { session } = useServices();
  useRenewal();
  const needed = useSyncExternalStore(
    (listener) => session.subscribe(listener),
    () => session.needed,
  );
  return needed ? (
    <section aria-label="Sign-in">
      <Suspense>
        <SignInNotice trouble={needed.trouble} />
      </Suspense>
    </section>
  ) : null;
}

const MINUTE = 60_000;

/** Renews the sign-in before it expires: who waits for a call learns at once that the next one is in danger. */
function useRenewal(): void {
  const { config, session } = useServices();
  useEffect(() => {
    const renew = () => void session.token([apiScope(config)]).catch(() => undefined);
    const timer = setInterval(renew, MINUTE);
    window.addEventListener("focus", renew);
    return () => {
      clearInterval(timer);
      window.removeEventListener("focus", renew);
    };
  }, [config, session]);
}
