"""Examples of results for `every_result`, of what came later: one small example, or a few, a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from survsim import Surv
from survsim.causal import confounder_tipping, e_value, marginal_structural_cox
from survsim.cox import likelihood_ratio_test
from survsim.nonparametric import event_rates, net_survival, sufficient_follow_up
from survsim.radiotherapy import dose_volume_histogram
from tests.helpers import panel_visits, start_stop

ROWS = start_stop.rows(np.random.default_rng(3))

MAKERS: dict[str, Callable[[], Any]] = {
    "EventRates": lambda: event_rates(
        Surv.right([3, 5, 2, 8], [1, 0, 1, 1], unit="months"), list("aabb"), unit="years", per=100
    ),
    "LikelihoodRatioTest": lambda: likelihood_ratio_test(panel_visits.fit(None), panel_visits.fit("z")),
    "NetSurvival": lambda: net_survival(
        Surv.right([2, 4, 3, 9, 6, 7], [1, 1, 0, 1, 0, 1], unit="years"),
        {"age": [0, 60], "rate": [0.01, 0.04]},
        {"age": [50, 61, 58, 55, 70, 49]},
        list("aabbab"),
        times=[3, 6],
    ),
    "PanelMultistate": lambda: [panel_visits.fit(None), panel_visits.fit("z"), panel_visits.hidden_fit()],
    "DoseVolumeHistogram": lambda: dose_volume_histogram([10.0, 20.0, 40.0], [50.0, 30.0, 20.0]),
    "EValues": lambda: e_value([0.6, 1.2], [0.4, 0.9], [0.9, 1.6], common=True),
    "ConfounderTipping": lambda: confounder_tipping(0.6, 0.4, 0.9, treated=[0.2, 0.3], untreated=0.6),
    "MarginalStructuralCox": lambda: marginal_structural_cox(
        start_stop.response(ROWS), ROWS["drug"], ROWS, denominator="marker"
    ),
    "SufficientFollowUp": lambda: sufficient_follow_up(
        Surv.right([1, 2, 3, 9, 4, 5], [1, 1, 1, 0, 1, 0], unit="years"), ["a", "a", "a", "a", "b", "b"]
    ),
}
