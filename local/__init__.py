"""The whole system on one machine: starting it, showing it, measuring it. Never deployed."""
