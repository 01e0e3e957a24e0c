import { Title2 } from "@fluentui/react-components";

export default function CallsPage() {
  return <Title2 as="h1">Calls</Title2>;
}
