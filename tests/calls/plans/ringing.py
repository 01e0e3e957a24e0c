"""Calls with a step ``ring``, whose requests are accepted at once, and whose callees act as the test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.calls.actions import AddParticipant, AnyAction, CancelInvitation, OfferCall
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.capabilities.routing import CallOffered, OfferAnswered
from shared.calls.effect import Effect, effect_id
from shared.calls.event import ActionPerformed, Event, own
from shared.calls.plans.invitations import ends_of
from tests.calls.driver import CALL, at, timer
from tests.calls.plans.driver import RESOURCE, PlannedCall
from tests.golden import event

TENANT = "22222222-2222-4222-8222-222222222222"
CALLER, NUMBER = "4:+1", "4:+4930123"
ONE, TWO, THREE = (f"8:acs:{RESOURCE}_{TENANT}_{n * 8}-{n * 4}-4{n * 3}-8{n * 3}-{n * 12}" for n in "abc")
TARGETS = [{"group": "sales"}, {"number": "+4930123"}]
DECLINED, RUNG_OUT, OFFLINE = (603, 0), (408, 10057), (480, 10037)


def plan(**ring: Any) -> dict[str, dict[str, Any]]:
    """A plan that rings: its other steps have the names of the exits."""
    exits = {name: name for name in ("left", "otherwise", "declined", "noAnswer", "unavailable")}
    step = {"type": "ring", "targets": TARGETS, "seconds": 20} | exits | ring
    return {"sales": step} | {name: {"type": "hangUp"} for name in exits}


class RingingCall(PlannedCall):
    """``offers`` are the targets of each offer in turn; none after the last. ``requested`` are all actions that have
    been sent.
    """

    def __init__(
        self,
        offers: Sequence[Sequence[str]],
        *,
        answers: bool = True,
        speaks: bool = False,
        steps: dict[str, dict[str, Any]] | None = None,
        **ring: Any,
    ) -> None:
        self.offers, self.requested, self.people, self.number = list(offers), list[AnyAction](), [CALLER], 0
        self.answers = answers  # whether requests are answered
        super().__init__(steps or plan(**ring), speaks=speaks)
        self.connect()
        self.present(1)

    def receive(self, said: Event, now: float | None = None) -> RingingCall:
        super().receive(said, now)
        effects = self.effects
        self.requested += [effect.action for effect in effects]
        for effect in effects if self.answers else ():
            self.receive(self.response(effect, said.at), now)
        return self

    def response(self, effect: Effect, moment: Any) -> Event:
        data = ActionPerformed(effect.id, effect.action)
        match effect.action:
            case OfferCall() as offer:
                targets = tuple(self.offers[offer.round - 1]) if offer.round <= len(self.offers) else ()
                data = CallOffered(effect_id=effect.id, action=offer, targets=targets, position=3)
            case AddParticipant() as add:
                data = ParticipantInvited(effect_id=effect.id, action=add, invitation_id=f"invitation {add.target}")
        return own(f"{effect.id}/done", moment, data)

    # -- What happens at ACS --

    def present(self, now: float) -> RingingCall:
        self.number += 1
        people = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": False} for each in self.people]
        return self.receive(event("participants_updated", now, sequenceNumber=self.number, participants=people))

    def wake(self, now: float) -> RingingCall:
        return self.receive(timer(now))

    def joins(self, raw_id: str, now: float) -> RingingCall:
        self.people.append(raw_id)
        return self.present(now)

    def goes(self, raw_id: str, now: float) -> RingingCall:
        self.people.remove(raw_id)
        return self.present(now)

    def says(self, name: str, now: float, operation: str, raw_id: str, visit: str = "sales.1", **data: Any) -> Any:
        context = effect_id(CALL, f"plan/{visit}/{operation} {raw_id}".rstrip())
        return self.receive(event(name, now, id=f"{name} {context} {now}", operationContext=context, **data))

    def added(self, raw_id: str, now: float) -> RingingCall:
        return self.says("add_participant_succeeded", now, "add", raw_id)  # type: ignore[no-any-return]

    def accepts(self, raw_id: str, now: float) -> RingingCall:
        """Added, and in the call."""
        return self.added(raw_id, now).joins(raw_id, now)

    def talks(self, raw_id: str, now: float) -> RingingCall:
        """Accepted two seconds after ``now``."""
        return self.accepts(raw_id, now).wake(now + 2)

    def refuses(self, raw_id: str, now: float, codes: tuple[int, int] = DECLINED) -> RingingCall:
        result = {"code": codes[0], "subCode": codes[1], "message": ""}
        return self.says("add_participant_failed", now, "add", raw_id, resultInformation=result)  # type: ignore[no-any-return]

    def presses(self, keys: list[str], after: float, operation: str = f"confirm {NUMBER}") -> RingingCall:
        super().presses(keys, after, f"sales.1/{operation}")
        return self

    def says_by_client(self, raw_id: str, now: float, *, accepted: bool) -> RingingCall:
        return self.receive(own(f"answer {raw_id} {now}", at(now), OfferAnswered("sales.1", raw_id, accepted)))

    # -- What the app has requested --

    def sent(self, kind: type[Any]) -> list[Any]:
        return [action for action in self.requested if isinstance(action, kind)]

    @property
    def invited(self) -> list[str]:
        return [action.target for action in self.sent(AddParticipant)]

    @property
    def canceled(self) -> list[str]:
        """Those whose invitations have been cancelled."""
        contexts = {effect_id(CALL, f"plan/sales.1/add {each}"): each for each in (ONE, TWO, THREE, NUMBER)}
        return [contexts[action.operation] for action in self.sent(CancelInvitation)]

    @property
    def ends(self) -> dict[str, str]:
        """What became of each target of the first visit."""
        return {target: end for target, end, _ in ends_of(self.call.routing.visits[0].choices)}
