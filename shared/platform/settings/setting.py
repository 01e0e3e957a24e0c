"""One setting: how it is read, and how it is documented.

Health, the doctor, ``docs/settings.md``, ``local.settings.sample.json`` and the lists in ``infra/`` and the
deployment's workflow are all generated from these declarations, or tested against them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from shared.platform.settings.kinds import Kind

log = logging.getLogger(__name__)

Value = TypeVar("Value")


class SettingTexts(Protocol):
    """The texts of settings by their names; what settings are read from."""

    def text(self, name: str) -> str: ...


class Fault(StrEnum):
    MISSING = "missing"
    INVALID = "invalid"
    UNWANTED = "not allowed here"


class SettingError(Exception):
    """A setting is missing or invalid. The text names it and says what to do; it never contains the value."""

    def __init__(self, name: str, fault: Fault, advice: str) -> None:
        super().__init__(f"{name} is {fault}: {advice}")
        self.name, self.fault, self.advice = name, fault, advice


class SetBy(Enum):
    """Where the value comes from in Azure. ``docs/settings.md`` has a section for each."""

    OPERATOR = "azd's environment"
    DEPLOYMENT = "infra/main.bicep"
    PLATFORM = "Azure Functions"
    UNSET = "not set"  # for the emulator; the default is right in Azure


class Need(Enum):
    OPTIONAL = 0
    REQUIRED = 1
    UNWANTED = 2  # to set it is an error


@dataclass(frozen=True)
class Derived:
    """A text that is derived from other settings; ``words`` describe it, in Markdown."""

    words: str
    text: Callable[[Any], str]


# An invalid setting that answering does not need must not keep calls from being answered.
DEFAULT_HOLDS = Derived("the default holds", lambda _: "")


def _optional(_: SettingTexts) -> Need:
    return Need.OPTIONAL


def required(_: SettingTexts) -> Need:
    return Need.REQUIRED


def _always(_: SettingTexts) -> bool:
    return True


@dataclass(eq=False)
class Setting(Generic[Value]):
    """A descriptor: ``settings.acs_endpoint`` is its value, read when first needed, or a SettingError.

    ``purpose`` is a sentence, in Markdown. ``default`` is used where no text is given. ``used`` says whether the app
    reads the setting at all, given the others. ``if_invalid`` replaces an invalid text, which is logged once. Without
    it, an invalid text is an error wherever the setting is needed.
    """

    name: str
    kind: Kind[Value]
    purpose: str
    set_by: SetBy = field(default=SetBy.OPERATOR, kw_only=True)
    default: str | Derived = field(default="", kw_only=True)
    example: str = field(default="", kw_only=True)
    need: Callable[[Any], Need] = field(default=_optional, kw_only=True)
    used: Callable[[Any], bool] = field(default=_always, kw_only=True)
    if_invalid: Derived | None = field(default=None, kw_only=True)

    def __set_name__(self, owner: type[SettingTexts], attribute: str) -> None:
        self._attribute = attribute

    @overload
    def __get__(self, settings: None, owner: type[SettingTexts]) -> Self: ...
    @overload
    def __get__(self, settings: SettingTexts, owner: type[SettingTexts]) -> Value: ...
    def __get__(self, settings: SettingTexts | None, owner: type[SettingTexts]) -> Self | Value:
        if settings is None:
            return self
        value = settings.__dict__[self._attribute] = self._read_leniently(settings)
        return value

    def read(self, settings: SettingTexts) -> Value:
        """The value. Raises SettingError, also where an invalid text is replaced."""
        need, given = self.need(settings), settings.text(self.name)
        if given and need is Need.UNWANTED:
            raise SettingError(self.name, Fault.UNWANTED, f"remove it. {self.purpose}")
        text = given or self._default(settings)
        if not text and need is Need.REQUIRED:
            raise SettingError(self.name, Fault.MISSING, self._advice())
        try:
            return self.kind.parse(text)
        except ValueError:
            raise SettingError(self.name, Fault.INVALID, self._advice()) from None

    def _read_leniently(self, settings: SettingTexts) -> Value:
        try:
            return self.read(settings)
        except SettingError as error:
            if self.if_invalid is None:
                raise
            log.error("%s Until then %s.", error, self.if_invalid.words)  # noqa: TRY400  # the text is enough
            return self.kind.parse(self.if_invalid.text(settings) or self._default(settings))

    def _default(self, settings: SettingTexts) -> str:
        return self.default if isinstance(self.default, str) else self.default.text(settings)

    def _advice(self) -> str:
        example = f", such as {self.example}" if self.example else ""
        return f"set it to {self.kind.allowed}{example}. {self.purpose}"
