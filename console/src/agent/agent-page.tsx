import { Title2 } from "@fluentui/react-components";

export default function AgentPage() {
  return <Title2 as="h1">Phone</Title2>;
}
