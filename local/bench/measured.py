"""A figure, and its budget if there is one."""

from __future__ import annotations

from dataclasses import dataclass

from local.show import DIM, GREEN, PLAIN, RED


@dataclass(frozen=True)
class Measured:
    what: str
    value: float
    budget: float | None
    unit: str
    detail: str

    @property
    def ok(self) -> bool:
        return self.budget is None or self.value <= self.budget

    def __str__(self) -> str:
        return f"{self.what:<42}{self.value:8.2f} {self.unit:<9} {self._verdict()}  {DIM}{self.detail}{PLAIN}"

    def _verdict(self) -> str:
        if self.budget is None:
            return "no budget"
        return f"budget {self.budget:g}  " + (f"{GREEN}within{PLAIN}" if self.ok else f"{RED}EXCEEDED{PLAIN}")
