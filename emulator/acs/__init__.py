"""Azure Communication Services on one machine: Call Automation, its callbacks and its recordings."""
