import { FluentProvider } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { type Services, ServicesContext } from "../services";
import { useColorScheme } from "./color-scheme";
import "./page.css";

export function Providers(props: { readonly services: Services; readonly children: ReactNode }) {
  const theme = useColorScheme();
  return (
    <ServicesContext value={props.services}>
      <FluentProvider theme={theme} style={{ minHeight: "100vh", backgroundColor: theme.colorNeutralBackground2 }}>
        {props.children}
      </FluentProvider>
    </ServicesContext>
  );
}
