import { Spinner } from "@fluentui/react-components";
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { PAGES } from "./pages";
import { Shell } from "./ui/shell";

const VIEWS = PAGES.map((page) => ({ ...page, View: lazy(page.load) }));

/** The shell, and the view of the address in it. Each view is loaded when it is first shown. */
export function App() {
  return (
    <Shell>
      <Suspense fallback={<Spinner label="Loading" />}>
        <Switch>
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
