"""Agents: who takes calls, who is free, and which callers wait for them."""
