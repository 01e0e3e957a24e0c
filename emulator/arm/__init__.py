"""Azure Resource Manager, as far as the subscriptions of Event Grid's topics."""

from emulator.arm.routes import Arm

__all__ = ["Arm"]
