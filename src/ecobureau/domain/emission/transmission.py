"""数据传输有效率: transmission rate times validity rate, with the counts they come from."""

from __future__ import annotations

from dataclasses import dataclass

from ecobureau.domain.emission.figure import Figure, figure


@dataclass(frozen=True, slots=True)
class Transmission:
    """The four counts and the rates of one outlet, period and data type.

    Attributes:
        should: items that should have been received (operating hours or samples times factors, stopped ones out).
        received: unique items received (equipment, factor, data time; a repeat counts once).
        should_valid: items the validity rate is taken of: those received, or those that should have been.
        valid: valid items.
        transmission, validity, effective: shares; None where there is nothing to divide by.
        reached: whether the effective rate reaches the target.
    """

    should: int
    received: int
    should_valid: int
    valid: int
    target: float

    @property
    def transmission(self) -> float | None:
        return self.received / self.should if self.should else None

    @property
    def validity(self) -> float | None:
        return self.valid / self.should_valid if self.should_valid else None

    @property
    def effective(self) -> float | None:
        if self.transmission is None:
            return None
        return self.transmission * (self.validity or 0.0)

    @property
    def reached(self) -> bool | None:
        return None if self.effective is None else self.effective >= self.target - 1e-12


def transmission(should: int, received: int, valid: int, target: float, *, of: str = "received") -> Transmission:
    """Return the rates of one span.

    Args:
        should, received, valid: counts of items; what was received during stops is to be left out of all.
        target: share to reach; of: `received` or `should`, what the validity rate is taken of (declare which).

    Raises:
        ValueError: counts that cannot be, or another `of`.
    """
    if not 0 <= valid <= received <= should:
        raise ValueError(f"valid {valid}, received {received}, should {should}")
    if of not in ("received", "should"):
        raise ValueError(of)
    return Transmission(should, received, received if of == "received" else should, valid, target)


def explained(one: Transmission) -> Figure:
    """Return the effective rate with its derivation."""
    params = {"should": one.should, "received": one.received, "of": one.should_valid, "valid": one.valid}
    rule = "国家重点监控企业污染源自动监测数据有效性审核考核"
    return figure(one.effective, "", "emission.step.transmission", params, rule=rule)
