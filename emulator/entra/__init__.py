"""Microsoft Entra ID, as far as an API that acts on behalf of its users needs it."""

from emulator.entra.routes import Entra

__all__ = ["Entra"]
