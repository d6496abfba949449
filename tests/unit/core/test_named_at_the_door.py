"""A column named beside `data=` is found in it, though the response was made of bare columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.causal import clone_censor_weight, ipw_cox, ipw_kaplan_meier, time_varying_treatment
from survsim.competing import fine_gray
from survsim.errors import InputError

RNG = np.random.default_rng(8)
N = 60
FRAME = pd.DataFrame(
    {
        "time": np.round(RNG.exponential(9.0, N) + 0.2, 3),
        "event": RNG.random(N) < 0.7,
        "arm": RNG.choice(["a", "b"], N),
        "age": RNG.normal(60.0, 8.0, N),
        "known": RNG.normal(size=N),
        "site": RNG.choice(["x", "y", "z"], N),
    },
    index=[f"p{i}" for i in range(N)],
)
FRAME["switch"] = np.where(np.arange(N) % 3 == 0, 0.4 * FRAME["time"], np.inf)
CALLS: dict[str, tuple[str, Callable[[Surv, Any, Any], Any]]] = {
    "offset": ("known", lambda s, c, d: cox_ph(s, "age", d, offset=c).estimate),
    "frailty": ("site", lambda s, c, d: cox_ph(s, "age", d, frailty=c).estimate),
    "ipw_cox": ("arm", lambda s, c, d: ipw_cox(s, c, "age", d).estimate),
    "ipw_kaplan_meier": (
        "arm",
        lambda s, c, d: ipw_kaplan_meier(s, c, "age", d, times=[5.0], n_resamples=20).to_frame()["estimate"],
    ),
    "start": ("switch", lambda s, c, d: time_varying_treatment(s, c, "age", d).estimate),
    "clones": (
        "switch",
        lambda s, c, d: clone_censor_weight(s, c, grace=3.0, formula="age", data=d, tau=6.0, n_resamples=5)
        .to_frame()["estimate"],
    ),
    "censoring_by": (
        "site",
        lambda s, c, d: fine_gray(
            Surv.competing(s.time, np.where(s.event, "death", "none"), unit="months", censored="none"),
            "age", d.reset_index(drop=True), cause="death",
            censoring_by=c if isinstance(c, str) else c.to_numpy(),
        ).estimate,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(CALLS))
def test_a_name_is_the_column_of_data(what: str) -> None:
    name, call = CALLS[what]
    bare = Surv.right(FRAME["time"], FRAME["event"], unit="months")
    # other rows first: they pair by their labels, as the column itself would
    mixed = FRAME if what == "censoring_by" else FRAME.sample(frac=1.0, random_state=2)
    np.testing.assert_array_equal(call(bare, name, mixed), call(bare, FRAME[name], mixed))


def test_data_at_the_door_is_looked_in_before_what_the_response_remembers() -> None:
    other = FRAME.assign(known=FRAME["known"] ** 2)
    surv = Surv.right("time", "event", data=FRAME, unit="months")
    found = cox_ph(surv, "age", other, offset="known").estimate
    np.testing.assert_array_equal(found, cox_ph(surv, "age", FRAME, offset=other["known"]).estimate)
    ages = cox_ph(surv, "age", FRAME[["age"]], offset="known").estimate
    np.testing.assert_array_equal(ages, cox_ph(surv, "age", FRAME, offset=FRAME["known"]).estimate)


def test_a_name_that_nobody_has_is_refused_with_what_there_is() -> None:
    bare = Surv.right(FRAME["time"], FRAME["event"], unit="months")
    with pytest.raises(InputError, match=r"'knwon' is no column of data. Did you mean 'known'"):
        cox_ph(bare, "age", FRAME, offset="knwon")
