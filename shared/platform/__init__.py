"""What all adapters use: settings, SDK clients, retries, clock, tokens, telemetry."""
