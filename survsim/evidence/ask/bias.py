"""The risk of bias of some numbers or cases: every judgement with its support, the overall one, what it weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import seen
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.evidence.ask.case_names import names_of_cases
from survsim.evidence.schema.bias import NO_INFORMATION, NOT_ASKED, TOOL

if TYPE_CHECKING:
    import pandas as pd

FIELDS = ("row_id", "tool", "domain", "judgement", "support", "judge")


@result
class RiskOfBias(Result):
    """Judgements of some numbers or cases, in long form.

    Attributes
    ----------
    row_id, study_id, tool, domain, judgement, support, judge : (m,) one judgement each, rows in the order asked.
    unjudged : rows that were asked for and that nobody judged.
    mean, sd : by tool and overall judgement, the prior of the bias of a log ratio (`priors`).
    names : what a reader calls a row, where its own name is no words (cases: author, year, age and sex, place).
    """

    row_id: np.ndarray
    study_id: np.ndarray
    tool: np.ndarray
    domain: np.ndarray
    judgement: np.ndarray
    support: np.ndarray
    judge: np.ndarray
    unjudged: tuple[str, ...]
    mean: dict[str, float]
    sd: dict[str, float]
    names: dict[str, str] = field(default_factory=dict)

    def columns(self) -> Columns:
        """Columns row_id, study_id, tool, domain, judgement, support, judge."""
        return {"row_id": self.row_id, "study_id": self.study_id} | {n: getattr(self, n) for n in FIELDS[1:]}

    def overall(self) -> pd.DataFrame:
        """One row a number and tool: the overall judgement, the domains that make it, how many are not told.

        Overall is the worst judgement that was made, which is "at least" where domains are not told; where all that was
        judged is at its best and something is not told it is ``no_information``. Of several judges the worst counts.
        """
        import pandas as pd

        found = []
        pairs = np.array([f"{r}\0{t}" for r, t in zip(self.row_id, self.tool)], dtype=object)
        for pair in dict.fromkeys(pairs):
            here = pairs == pair
            row, tool = pair.split("\0")
            words, domains = self.judgement[here], self.domain[here]
            order = TOOL[tool].judgements
            said = [order.index(w) for w in words if w in order]
            silent = int(np.unique(domains[words == NO_INFORMATION]).size)
            worst = max(said, default=0)
            word = order[worst] if said and (worst > 0 or not silent) else NO_INFORMATION
            because = "; ".join(dict.fromkeys(domains[words == word])).replace("_", " ")
            found.append((row, self.study_id[here][0], tool, word, because, silent))
        names = ["row_id", "study_id", "tool", "overall", "because", "not_told"]
        return pd.DataFrame(found, columns=names)

    def priors(self) -> pd.DataFrame:
        """`overall` with mean and sd of the bias of a log ratio; NaN where no prior is declared for the judgement."""
        frame = self.overall()
        keys = [f"{t}:{w}" for t, w in zip(frame["tool"], frame["overall"])]
        return frame.assign(
            mean=[self.mean.get(k, np.nan) for k in keys], sd=[self.sd.get(k, np.nan) for k in keys]
        )

    def headline(self) -> str:
        rows = len(set(self.row_id))
        told = ~np.isin(self.judgement, (NO_INFORMATION, NOT_ASKED))
        asked = int((self.judgement != NOT_ASKED).sum())
        missing = f"; {len(self.unjudged)} rows without a judgement" if self.unjudged else ""
        return f"Risk of bias: {rows} rows, {int(told.sum())} of {asked} domains told{missing}"


def risk_of_bias(
    table: Callable[[str], pd.DataFrame], rows: Iterable[str] | None = None, *, tool: str | None = None
) -> RiskOfBias:
    """Judgements of numbers (or cases) by name.

    Parameters
    ----------
    table : gives a typed table by its name, as `EvidenceStore.table` does.
    rows : names of numbers or cases; default every row that was judged.
    tool : only this tool (``"rob2"``, ``"robins_i"``, ``"quips"``, ``"jbi_case_report"``).

    Returns
    -------
    RiskOfBias : all judgements with their support, in the order of `rows`.

    Raises
    ------
    EvidenceError : an unknown tool, or a name that no number and no case has.

    Example
    -------
    >>> import survsim
    >>> found = survsim.load_evidence().risk_of_bias(["homesley_2007_gog0161_e07"])
    >>> found.overall()["overall"].iloc[0]
    'some_concerns'
    """
    if tool is not None and tool not in TOOL:
        raise EvidenceError(f"tool must be one of {', '.join(TOOL)}; got {tool!r}.")
    judged, estimates = table("bias"), table("estimates")
    study_of = dict(zip(estimates["estimate_id"], estimates["study_id"]))
    cases = table("cases")
    study_of |= {c: c for c in cases["case_id"]}
    wanted = list(dict.fromkeys(judged["row_id"] if rows is None else rows))
    unknown = [r for r in wanted if r not in study_of] if rows is not None else []
    if unknown:
        raise EvidenceError(
            f"no number and no case is called {', '.join(map(seen, unknown[:5]))}. See store.estimates and store.cases() for names."
        )
    place = {name: i for i, name in enumerate(wanted)}
    found = judged[judged["row_id"].isin(place) & judged["row_id"].isin(study_of)]
    if tool is not None:
        found = found[found["tool"] == tool]
    found = found.iloc[np.argsort(found["row_id"].map(place).to_numpy(), kind="stable")]
    priors = table("bias_priors")
    keys = [f"{t}:{w}" for t, w in zip(priors["tool"], priors["judgement"])]
    with_one = set(found["row_id"])
    return RiskOfBias(
        **{name: found[name].to_numpy(dtype=object) for name in FIELDS},
        study_id=np.array([study_of[r] for r in found["row_id"]], dtype=object),
        unjudged=tuple(r for r in wanted if r not in with_one),
        mean=dict(zip(keys, priors["mean"])),
        sd=dict(zip(keys, priors["sd"])),
        names={case: name for case, name in names_of_cases(cases).items() if case in with_one},
        provenance=Provenance.of("risk_of_bias", *(f"bias:{r}" for r in dict.fromkeys(found["row_id"]))),
    )
