"""Dose-volume histograms, the equivalent uniform dose, overall time and several courses, by hand and by identities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import gmean

from survsim.errors import ExtrapolationWarning, InputError
from survsim.radiotherapy import (
    Course,
    Recovery,
    bed,
    cumulative_eqd2,
    cumulative_myelopathy_risk,
    dose_volume_histogram,
    eqd2,
    geud,
    myelopathy_risk,
)
from survsim.simulation.cord_biology.myelopathy import MODELS

DOSE, VOLUME = np.array([40.0, 10.0, 20.0, 10.0]), np.array([20.0, 25.0, 30.0, 25.0])
TIME = {"days": 46, "kick_off": 28, "loss_per_day": 0.9}


def test_histogram_by_hand() -> None:
    """Half of the volume at 10 Gy, three tenths at 20, a fifth at 40."""
    dvh = dose_volume_histogram(DOSE, VOLUME)
    assert dvh.to_frame().round(12).values.tolist() == [[10.0, 0.5, 1.0], [20.0, 0.3, 0.5], [40.0, 0.2, 0.2]]
    assert dvh.mean == pytest.approx(19.0)
    assert dvh.volume_at([0.0, 10.0, 10.1, 20.0, 40.0, 41.0]).round(12).tolist() == [
        1.0,
        1.0,
        0.5,
        0.5,
        0.2,
        0.0,
    ]
    assert dvh.dose_at([0.02, 0.2, 0.21, 0.5, 0.51, 0.98]).tolist() == [40.0, 40.0, 20.0, 20.0, 10.0, 10.0]
    assert "mean 19" in dvh.headline()


def test_voxels_and_bins_are_one_histogram() -> None:
    rng = np.random.default_rng(2)
    voxels = rng.choice([5.0, 12.5, 30.0], 1000)
    levels, counts = np.unique(voxels, return_counts=True)
    one, two = dose_volume_histogram(voxels), dose_volume_histogram(levels, counts)
    np.testing.assert_allclose(one.share, two.share)
    assert one.geud(4.0) == pytest.approx(geud(voxels, 4.0))
    empty = dose_volume_histogram([5.0, 60.0], [1.0, 0.0])
    assert empty.dose.tolist() == [5.0] and geud([5.0, 60.0], 50.0, [1.0, 0.0]) == pytest.approx(5.0)


def test_histogram_in_eqd2_is_made_part_by_part() -> None:
    dvh = dose_volume_histogram(DOSE, VOLUME)
    there = dvh.eqd2(10, 2.0)
    assert there.dose.tolist() == [float(eqd2(d, 10, 2.0)) for d in (10.0, 20.0, 40.0)]
    # EQD2 bends upwards: the mean of EQD2 is above the EQD2 of the mean.
    assert there.mean > float(eqd2(dvh.mean, 10, 2.0))
    with pytest.raises(InputError, match="EQD2 already"):
        there.eqd2(10, 2.0)
    with pytest.warns(ExtrapolationWarning):
        dvh.eqd2(4, 2.0)


def test_equivalent_uniform_dose() -> None:
    share = VOLUME / VOLUME.sum()
    for a in (-8.0, -1.0, 0.5, 1.0, 3.0, 12.0):
        assert geud(DOSE, a, VOLUME) == pytest.approx((share @ DOSE**a) ** (1 / a), rel=1e-12)
    assert geud(DOSE, 1.0, VOLUME) == pytest.approx(19.0)
    assert geud(DOSE, 0.0, VOLUME) == pytest.approx(gmean(DOSE, weights=VOLUME))
    assert geud(DOSE, 1e-9, VOLUME) == pytest.approx(geud(DOSE, 0.0, VOLUME))
    # Of a thousand the hottest part alone is left, and powers do not overflow.
    assert geud(DOSE, 1e5, VOLUME) == pytest.approx(40.0, rel=1e-4)
    assert geud(DOSE, -1e5, VOLUME) == pytest.approx(10.0, rel=1e-4)
    assert geud([30.0, 30.0], 7.0) == pytest.approx(30.0)
    assert geud([0.0, 30.0], -2.0) == 0.0 and geud([0.0, 0.0], 2.0) == 0.0
    rising = [geud(DOSE, a, VOLUME) for a in (-20, -2, 0, 1, 5, 50)]
    assert rising == sorted(rising)


def test_overall_time_by_hand() -> None:
    """70 Gy in 35 fractions over 46 days: 84 Gy of BED less 18 days at 0.9."""
    assert float(bed(70.0, 35, 10.0, **TIME)) == pytest.approx(67.8)
    assert float(eqd2(70.0, 35, 10.0, **TIME)) == pytest.approx(67.8 / 1.2)
    assert float(bed(70.0, 35, 10.0, **(TIME | {"days": 28}))) == pytest.approx(84.0)
    # Five weeks later nothing is left of a small dose, and not less than nothing.
    assert float(bed(4.0, 2, 10.0, **(TIME | {"days": 90}))) == 0.0
    days = np.array([28.0, 38.0])
    assert bed([70.0, 70.0], 35, 10.0, **(TIME | {"days": days})).round(9).tolist() == [84.0, 75.0]
    assert float(eqd2(70.0, 35, 10.0, **(TIME | {"loss_per_day": 0.0}))) == pytest.approx(70.0)


def test_two_courses_are_read_off_the_models_together() -> None:
    two = [
        Course(dose_per_fraction=2.0, fractions={"a": 20}),
        Course(dose_per_fraction=2.0, fractions={"a": 5, "b": 10}, months_since_previous=12.0),
    ]
    risks = cumulative_myelopathy_risk(two)
    assert risks["a"] == pytest.approx(myelopathy_risk(50.0, 25))
    assert risks["b"] == pytest.approx(myelopathy_risk(20.0, 10))
    # Half forgotten after six months: 20 + 10 Gy in 2 Gy fractions.
    less = cumulative_myelopathy_risk(two, recovery=Recovery(after=(6.0,), share=(0.5,)))
    assert less["a"] == pytest.approx(myelopathy_risk(30.0, 15))
    # Another fractionation weighs more in the model with the smaller alpha/beta.
    mixed = [
        Course(dose_per_fraction=3.0, fractions={"a": 10}),
        Course(dose_per_fraction=2.0, fractions={"a": 5}),
    ]
    for name, ab in (("schultheiss_2008", 0.87), ("lyman_burman_1991", 2.0)):
        whole = cumulative_eqd2(mixed, ab)["a"]
        assert whole == pytest.approx(float(eqd2(30.0, 10, ab)) + 10.0)
        assert cumulative_myelopathy_risk(mixed)["a"][name] == pytest.approx(myelopathy_risk_at(whole)[name])


def myelopathy_risk_at(dose: float) -> dict[str, float]:
    """Risks at an EQD2, so that alpha/beta plays no part."""
    return {name: float(risk(dose)) for name, (risk, _) in MODELS.items()}


@pytest.mark.parametrize(
    ("call", "given", "message"),
    [
        (dose_volume_histogram, {"dose": []}, "no part"),
        (dose_volume_histogram, {"dose": [1.0, -2.0]}, "0 or more"),
        (dose_volume_histogram, {"dose": [1.0], "volume": [0.0]}, "add up to 0"),
        (dose_volume_histogram, {"dose": [1.0], "volume": [1.0, 2.0]}, "one of each"),
        (geud, {"dose": [1.0], "a": np.inf}, "finite"),
        (bed, {"dose": 70.0, "fractions": 35, "alpha_beta": 10.0, "days": 40}, "together"),
        (eqd2, {"dose": 70.0, "fractions": 35, "alpha_beta": 10.0, "kick_off": 28}, "together"),
        (bed, {"dose": 70.0, "fractions": 35, "alpha_beta": 10.0} | TIME | {"days": -1}, "at least 0"),
        (
            bed,
            {"dose": [70.0, 60.0], "fractions": 35, "alpha_beta": 10.0} | TIME | {"days": [1, 2, 3]},
            "one of each",
        ),
    ],
)
def test_refusals(call: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(**given)


def test_shares_of_the_volume_lie_inside() -> None:
    with pytest.raises(InputError, match="volume is a share"):
        dose_volume_histogram(DOSE).dose_at(2.0)


def test_the_whole_volume_has_the_smallest_dose() -> None:
    """D100% of R's DVHmetrics; a share above 1 or of 0 has none."""
    dvh = dose_volume_histogram([10.0, 20.0, 40.0], [5.0, 3.0, 2.0])
    assert dvh.dose_at([0.999999, 1.0]).tolist() == [10.0, 10.0]
    for wrong in (0.0, 1.0001, -0.1):
        with pytest.raises(InputError, match="volume is a share"):
            dvh.dose_at(wrong)


def test_a_dose_that_was_added_up_is_found_at_its_number() -> None:
    dvh = dose_volume_histogram([8 * 0.1, sum([0.1] * 8)], [1.0, 3.0])  # 0.8 and 0.7999999999999999
    assert float(dvh.volume_at(0.8)) == 1.0
