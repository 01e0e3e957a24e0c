"""Microsoft Graph, as far as the directory of a contact centre needs it: v1.0 and beta, over the port with TLS."""

from emulator.graph.service import Graph

__all__ = ["Graph"]
