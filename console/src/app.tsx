import { Spinner } from "@fluentui/react-components";
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { PAGES } from "./pages";
import { useServices } from "./services";
import { hasRole } from "./signin/session";
import { Shell } from "./ui/shell";

const VIEWS = PAGES.map((page) => ({ ...page, View: lazy(page.load) }));

/**
 * The shell, and the view of the address in it. Each view is loaded when it is first shown. The address without a path
 * is that of the first page of the person's roles.
 */
export function App() {
  const { person } = useServices().session;
  const start = PAGES.find((page) => page.title && hasRole(person, ...page.roles))?.path ?? "/";
  return (
    <Shell>
      <Suspense fallback={<Spinner label="Loading" />}>
        <Switch>
          {start !== "/" && (
            <Route path="/">
              <Redirect to={start} />
            </Route>
          )}
          {VIEWS.map(({ path, View }) => (
            <Route key={path} path={path}>
              <View />
            </Route>
          ))}
          <Route>There is no such page.</Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
