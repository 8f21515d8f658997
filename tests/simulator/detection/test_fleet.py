"""The labelled fleet: columns as `ecobureau detect` reads them, same seed same fleet, honest physics."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from ecobureau.cli import main
from ecobureau.simulator.detection import BENIGN, EVENTS, Fleet, make_fleet, write_fleet
from ecobureau.simulator.detection.files import OUTLETS, VALUES


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return make_fleet(11, outlets=40, days=60)


def test_at_least_27_kinds_and_their_harmless_twins() -> None:
    assert len({kind.name for kind in EVENTS}) >= 27
    assert {f"P{i:02d}" for i in range(1, 33) if i != 27} | {"P18b"} == {kind.pattern for kind in EVENTS}
    assert len(BENIGN) >= 10
    assert all(kind.pattern == "" for kind in BENIGN)


def test_events_are_dealt_evenly(fleet: Fleet) -> None:
    names = [
        label.kind
        for plant in fleet.plants
        for label in plant.labels
        if label.pattern and not label.note.endswith("month")
    ]
    counts = [names.count(kind.name) for kind in EVENTS]
    assert min(counts) >= 1
    assert max(counts) - min(counts) <= 2


def test_same_seed_same_files_other_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_fleet(make_fleet(seed, outlets=4, days=12), tmp_path / name)
    read = {name: (tmp_path / name / "values.csv").read_bytes() for name in "abc"}
    assert read["a"] == read["b"] != read["c"]


def test_files_hold_the_columns_and_ordered_times(tmp_path: Path) -> None:
    counts = write_fleet(make_fleet(3, outlets=5, days=12), tmp_path)
    with (tmp_path / "values.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == counts["values"]
    assert tuple(rows[0]) == VALUES
    assert {row["flag"] for row in rows} <= set("NFMSDCTB")
    assert all(row["time"].endswith("+08:00") for row in rows[:50])
    seen: dict[tuple[str, str], datetime] = {}
    for row in rows:
        key, at = (row["outlet_id"], row["factor"]), datetime.fromisoformat(row["time"])
        assert key not in seen or seen[key] < at
        seen[key] = at
    with (tmp_path / "outlets.csv").open() as file:
        assert tuple(next(csv.reader(file))) == OUTLETS


def test_outlets_without_power_or_inlet_have_no_such_rows(tmp_path: Path) -> None:
    fleet = make_fleet(8, outlets=20, days=12)
    write_fleet(fleet, tmp_path)
    with (tmp_path / "values.csv").open() as file:
        rows = [(row["outlet_id"], row["factor"]) for row in csv.DictReader(file)]
    powered = {outlet for outlet, factor in rows if factor.startswith("pw_")}
    inlets = {outlet.removesuffix("-IN") for outlet, _factor in rows if outlet.endswith("-IN")}
    assert powered == {plant.id for plant in fleet.plants if plant.has_power}
    assert inlets == {plant.id for plant in fleet.plants if plant.has_inlet}
    assert 0 < len(powered) < 20 or 0 < len(inlets) < 20


def test_honest_plants_keep_limits_and_their_physics() -> None:
    fleet = make_fleet(21, outlets=20, days=30, events_per_outlet=0.0, harmless_per_outlet=0.0)
    for plant in fleet.plants:
        starting = np.zeros(fleet.grid.n, dtype=bool)
        for one in plant.declared:
            starting[one.first : one.last + fleet.grid.count(6)] = True
        for factor, limit in plant.limits.items():
            good = (plant.flag[factor] == "N") & ~plant.gone & plant.running & ~starting
            seen = plant.zs[factor] if plant.kind == "gas" else plant.read[factor]
            assert np.mean(seen[good] > limit) < 0.002, (plant.id, factor)
        if plant.kind == "gas":
            good = (plant.flag["a00000"] == "N") & (plant.read["a01011"] > 2)
            cold = 273.15 / (273.15 + plant.read["a01012"]) * (101.325 + plant.read["a01013"]) / 101.325
            area = plant.read["a00000"] / (plant.read["a01011"] * cold * (1 - plant.read["a01014"] / 100))
            assert np.std(area[good]) / np.mean(area[good]) < 0.02


def test_converted_values_follow_from_what_is_shown() -> None:
    fleet = make_fleet(4, outlets=6, days=12, events_per_outlet=0.0)
    plant = next(plant for plant in fleet.plants if plant.kind == "gas")
    oxygen = np.minimum(plant.read["a19001"], 20.5)
    for factor in plant.limits:
        want = plant.read[factor] * (21 - plant.industry.o2_ref) / (21 - oxygen)  # type: ignore[union-attr]
        assert np.allclose(plant.zs[factor], want, atol=1e-3)


@pytest.mark.parametrize("kind", [kind.name for kind in EVENTS if kind.name != "over_total"])
def test_every_kind_changes_the_record_in_its_span(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecobureau.simulator.detection import fleet as room

    only = tuple(one for one in EVENTS if one.name == kind)
    with_event, without = [], []
    monkeypatch.setattr(room, "EVENTS", only)
    monkeypatch.setattr(room, "BENIGN", ())
    with_event = make_fleet(17, outlets=16, days=40, events_per_outlet=0.2).plants
    labels = [(plant, label) for plant in with_event for label in plant.labels if label.kind == kind]
    assert labels
    without = {plant.id: plant for plant in make_fleet(17, outlets=16, days=40, events_per_outlet=0.0).plants}
    for plant, label in labels:
        assert _differs(plant, without[plant.id], slice(label.first, label.last))


def _differs(one, other, span: slice) -> bool:  # type: ignore[no-untyped-def]
    groups = ((one.read, other.read), (one.zs, other.zs), (one.flag, other.flag), (one.inlet_read, other.inlet_read))
    shown = any(not np.array_equal(mine[f][span], theirs[f][span]) for mine, theirs in groups for f in mine)
    return shown or not np.array_equal(one.gone[span], other.gone[span]) or one.declared != other.declared


def test_ten_minute_steps_hold_six_times_the_rows() -> None:
    hourly, fine = make_fleet(9, outlets=3, days=10), make_fleet(9, outlets=3, days=10, step_minutes=10)
    assert fine.grid.n == 6 * hourly.grid.n


@pytest.mark.parametrize("wrong", [{"outlets": 0}, {"days": 5}, {"step_minutes": 7}])
def test_senseless_arguments_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        make_fleet(1, **wrong)  # type: ignore[arg-type]


def test_command_writes_files_and_refuses_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fleet"
    assert main(["simulate-detection", "--out", str(out), "--outlets", "3", "--days", "10"]) == 0
    assert {path.name for path in out.iterdir()} == {"values.csv", "outlets.csv", "declarations.csv", "labels.csv"}
    assert main(["simulate-detection", "--out", str(tmp_path / "none"), "--days", "3"]) == 1
    assert "days" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
