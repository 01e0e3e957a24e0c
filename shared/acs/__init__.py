"""Azure Communication Services: executors of effects, and callbacks."""
