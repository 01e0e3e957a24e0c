"""Azure Resource Manager, as far as it tells who is subscribed to Event Grid's topics."""

from emulator.arm.routes import Arm

__all__ = ["Arm"]
