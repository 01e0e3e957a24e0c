"""The audio of a call: frames, keys, and the sinks that receive them."""
